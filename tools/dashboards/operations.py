"""Operations: what is wrong now."""

from tools.dashboards.panels import Board, Panel, Query, fleet, rate

OPERATIONS = Board(
    name="operations",
    title="Reelwright: operations",
    rows=(
        (
            "Now",
            (
                Panel(
                    "Database and Redis",
                    "1 where it answered at the last scrape.",
                    "short",
                    (
                        Query("min(reelwright_database_up)", "database"),
                        Query("min(reelwright_redis_up)", "Redis"),
                    ),
                    good_from=1,
                ),
                Panel(
                    "Processes",
                    "Bridges and daemons that Prometheus reaches.",
                    "short",
                    (Query('sum by (job) (up{job=~"reelwright.*"})', "{{job}}"),),
                    good_from=1,
                ),
                Panel(
                    "Stuck jobs",
                    "Overdue for a worker: alert StuckJobs from 10.",
                    "short",
                    (Query(fleet("reelwright_jobs_stuck")),),
                    bad=1,
                ),
                Panel(
                    "Longest due",
                    "How long the job is due that has been for longest.",
                    "s",
                    (Query(fleet("reelwright_jobs_oldest_due_seconds")),),
                    bad=300,
                ),
                Panel(
                    "The CMS does not know",
                    "Age of the oldest write-back that is not delivered.",
                    "s",
                    (Query(fleet("reelwright_outbox_oldest_seconds")),),
                    bad=300,
                ),
                Panel(
                    "Unknown charges",
                    "Paid calls whose end nobody knows: a person has to look.",
                    "short",
                    (Query(fleet('reelwright_charges{state="unknown"}')),),
                    bad=1,
                ),
            ),
        ),
        (
            "Work",
            (
                Panel(
                    "Unfinished jobs",
                    "By status.",
                    "short",
                    (Query(fleet("reelwright_jobs", "status"), "{{status}}"),),
                ),
                Panel(
                    "Waiting",
                    "Jobs that are due and nobody has taken up, by kind and phase.",
                    "short",
                    (
                        Query(
                            'max by (kind, phase) (reelwright_queue_jobs{state=~"waiting|late"})',
                            "{{kind}}, {{phase}}",
                        ),
                    ),
                ),
                Panel(
                    "Daemons",
                    "Working, told to stop, or silent; and how many take up each lane.",
                    "short",
                    (
                        Query(fleet("reelwright_workers", "state"), "{{state}}"),
                        Query(fleet("reelwright_lane_workers", "lane"), "lane {{lane}}"),
                    ),
                ),
                Panel(
                    "How full daemons are",
                    "Places taken, of those there are.",
                    "percentunit",
                    (
                        Query(
                            "sum by (work) (reelwright_places_taken)"
                            " / sum by (work) (reelwright_places > 0)",
                            "{{work}}",
                        ),
                    ),
                ),
            ),
        ),
        (
            "Edges",
            (
                Panel(
                    "Answers",
                    "Requests a second, by status.",
                    "reqps",
                    (Query(rate("reelwright_http_requests_total", "status"), "{{status}}"),),
                ),
                Panel(
                    "Not delivered",
                    "Messages to the CMS and calls to integrators that wait.",
                    "short",
                    (
                        Query(fleet("reelwright_outbox_undelivered"), "CMS"),
                        Query(fleet("reelwright_webhooks_undelivered"), "integrators"),
                    ),
                ),
            ),
        ),
        (
            "Machines",
            (
                Panel(
                    "Processors",
                    "Taken by each daemon and its engines, beside how many it may run on.",
                    "short",
                    (
                        Query(
                            rate("reelwright_daemon_cpu_seconds_total", "instance"),
                            "{{instance}} takes",
                        ),
                        Query("max by (instance) (reelwright_daemon_cores)", "{{instance}} has"),
                    ),
                ),
                Panel(
                    "Free disk",
                    "Of the volume, where each kind of file lies.",
                    "percentunit",
                    (
                        Query(
                            "min by (job, volume)"
                            " (reelwright_disk_free_bytes / reelwright_disk_size_bytes)",
                            "{{job}}, {{volume}}",
                        ),
                    ),
                ),
                Panel(
                    "Memory",
                    "Resident, of each process.",
                    "bytes",
                    (
                        Query("reelwright_daemon_memory_bytes", "{{instance}} and its engines"),
                        Query(
                            'process_resident_memory_bytes{job=~"reelwright.*"}',
                            "{{job}} {{instance}}",
                        ),
                    ),
                ),
            ),
        ),
    ),
)

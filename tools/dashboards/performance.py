"""Performance: how long things take."""

from tools.dashboards.panels import Board, Panel, Query, fleet, quantile, rate

PERFORMANCE = Board(
    name="performance",
    title="Reelwright: performance",
    rows=(
        (
            "Films",
            (
                Panel(
                    "A film takes",
                    "From a daemon's first claim on an approved job to its end.",
                    "s",
                    (
                        Query(quantile(0.5, "video_gen_duration_seconds", "kind"), "{{kind}} p50"),
                        Query(quantile(0.95, "video_gen_duration_seconds", "kind"), "{{kind}} p95"),
                    ),
                ),
                Panel(
                    "Claims that ended",
                    "A second, by phase and how.",
                    "ops",
                    (
                        Query(
                            rate("reelwright_attempts_total", "phase, outcome"),
                            "{{phase}} {{outcome}}",
                        ),
                    ),
                ),
            ),
        ),
        (
            "Models",
            (
                Panel(
                    "Paid calls take",
                    "The 95th percentile of the last hour.",
                    "s",
                    (
                        Query(
                            "max by (provider, model)"
                            ' (reelwright_model_seconds_last_hour{percentile="95"})',
                            "{{provider}} {{model}}",
                        ),
                    ),
                ),
                Panel(
                    "Paid calls",
                    "A second, by what became of them.",
                    "ops",
                    (
                        Query(
                            rate("reelwright_provider_calls_total", "provider, outcome"),
                            "{{provider}} {{outcome}}",
                        ),
                    ),
                ),
                Panel(
                    "Away",
                    "How long a model's circuit has been open.",
                    "s",
                    (
                        Query(
                            fleet("reelwright_model_away_seconds", "provider, model"),
                            "{{provider}} {{model}}",
                        ),
                    ),
                ),
            ),
        ),
        (
            "Bridge and store",
            (
                Panel(
                    "Answers begin after",
                    "To the first byte, of all routes.",
                    "s",
                    (
                        Query(quantile(0.5, "reelwright_http_response_seconds"), "p50"),
                        Query(quantile(0.95, "reelwright_http_response_seconds"), "p95"),
                        Query(quantile(0.99, "reelwright_http_response_seconds"), "p99"),
                    ),
                ),
                Panel(
                    "The object store takes",
                    "The 95th percentile, by operation.",
                    "s",
                    (
                        Query(
                            quantile(0.95, "reelwright_store_operation_seconds", "operation"),
                            "{{operation}}",
                        ),
                    ),
                ),
                Panel(
                    "CPU",
                    "Cores that each process uses.",
                    "short",
                    (
                        Query(
                            'rate(process_cpu_seconds_total{job=~"reelwright.*"}[$__rate_interval])',
                            "{{job}} {{instance}}",
                        ),
                    ),
                ),
            ),
        ),
    ),
)

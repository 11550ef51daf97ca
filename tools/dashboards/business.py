"""Business: what is made, and what it costs."""

from tools.dashboards.panels import Board, Panel, Query, fleet

BUSINESS = Board(
    name="business",
    title="Reelwright: business",
    rows=(
        (
            "Today",
            (
                Panel(
                    "Finished in 24 hours",
                    "Films, pictures, narrations and exports that stand.",
                    "short",
                    (
                        Query(
                            "sum(increase(reelwright_jobs_finished_total"
                            '{phase="render", outcome="succeeded"}[24h]))'
                        ),
                    ),
                    figure=True,
                ),
                Panel(
                    "Failed in 24 hours",
                    "Of all that ended: alert from 5 %.",
                    "percentunit",
                    (
                        Query(
                            'sum(increase(reelwright_jobs_finished_total{outcome="failed"}[24h]))'
                            " / clamp_min(sum(increase(reelwright_jobs_finished_total[24h])), 1)"
                        ),
                    ),
                    bad=0.05,
                ),
                Panel(
                    "Spent today",
                    "Settled since midnight (UTC): alert from $100.",
                    "currencyUSD",
                    (Query(fleet("reelwright_spent_today_dollars")),),
                    bad=100,
                ),
                Panel(
                    "Of this month's cap",
                    "What counts against it, reservations included; nothing without a cap.",
                    "percentunit",
                    (
                        Query(
                            "max(reelwright_month_held_dollars)"
                            " / (max(reelwright_month_cap_dollars) > 0) or vector(0)"
                        ),
                    ),
                    bad=0.9,
                ),
            ),
        ),
        (
            "Over time",
            (
                Panel(
                    "Finished",
                    "An hour, by kind.",
                    "short",
                    (
                        Query(
                            "sum by (kind) (increase(reelwright_jobs_finished_total"
                            '{phase="render", outcome="succeeded"}[1h]))',
                            "{{kind}}",
                        ),
                    ),
                ),
                Panel(
                    "Cost of 24 hours",
                    "Settled calls, by provider.",
                    "currencyUSD",
                    (Query(fleet("cost_actual_dollars", "provider"), "{{provider}}"),),
                ),
                Panel(
                    "Answered by another model",
                    "Of the requests meant for a primary model in the last hour: alert from 10 %.",
                    "percentunit",
                    (
                        Query(
                            "max by (provider, model)"
                            ' (reelwright_model_fallbacks_last_hour{rank="primary"})'
                            " / clamp_min(max by (provider, model)"
                            ' (reelwright_model_calls_last_hour{rank="primary"})'
                            " + max by (provider, model)"
                            ' (reelwright_model_fallbacks_last_hour{rank="primary"}), 1)',
                            "{{provider}} {{model}}",
                        ),
                    ),
                ),
                Panel(
                    "Paid calls in hand",
                    "What they may cost, by state.",
                    "currencyUSD",
                    (Query(fleet("reelwright_charges_dollars", "state"), "{{state}}"),),
                ),
            ),
        ),
    ),
)

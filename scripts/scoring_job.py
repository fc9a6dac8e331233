"""A small scoring job, as a data team would run it: how likely is each lead to convert?

Generates the behaviour of leads, trains a logistic regression on past ones, and writes a Parquet
file of predictions, each with the factors that made it. Deterministic. It knows nothing of
Salesforce: that is the point.

Columns: prospect_id (P-000001 ...), score (0 to 1), top_factors (list of {feature, value,
contribution}, the five largest), segment, model_version, scored_at (UTC).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]

# What is known of a lead, and how much each part (in standard deviations) moves a real buyer.
FEATURES = {
    "pages_viewed": 0.4,
    "pricing_page_visits": 0.8,
    "attended_webinar": 0.35,
    "email_clicks": 0.3,
    "days_since_last_touch": -0.7,
    "company_employees": 0.3,
    "industry_fit": 0.45,
    "free_mail_address": -0.45,
    "requested_demo": 0.7,
    "weeks_since_created": -0.2,
}
NAMES = list(FEATURES)
SKEWED = ("pages_viewed", "company_employees", "days_since_last_touch")  # used as logarithms
MODEL = "lead-propensity-2026.11"
PAST_LEADS = 20_000
FACTORS = 5
BATCH = 100_000  # leads computed at a time: memory does not grow with their number


@dataclass(frozen=True, slots=True)
class Model:
    """A trained logistic regression over standardised features."""

    mean: Numbers
    spread: Numbers
    weights: Numbers
    intercept: float
    auc: float  # on past leads that it was not trained on


def main() -> None:
    """Run the job."""
    options = arguments()
    model = train(options.seed)
    rows = write(options, model)
    held_out = PAST_LEADS // 4
    print(f"model        {MODEL}, AUC {model.auc:.3f} on {held_out:,} leads it has not seen")
    print(f"predictions  {rows:,} of {options.leads:,} leads, scored {options.scored_at:%F %R} UTC")
    if options.shift:
        print(f"             {options.shift:,} of them behaved since and were scored anew")
    print(f"file         {options.out}")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=Path("predictions/lead_scores.parquet"))
    parser.add_argument("--scored-at", type=moment, default="2026-11-20T06:00:00Z")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--shift",
        type=int,
        default=0,
        metavar="N",
        help="N leads behaved since the last job; the others keep their score, and the time of it "
        "as the file that is replaced has it",
    )
    parser.add_argument("--bad", action="store_true", help="spoil a few predictions on purpose")
    options = parser.parse_args()
    if options.leads < 10 or not 0 <= options.shift <= options.leads:
        parser.error("--leads is at least 10, and --shift at most as many")
    return options


def moment(text: str) -> datetime:
    """Read a time; without a zone it is UTC."""
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def train(seed: int) -> Model:
    """Train on three quarters of the past leads, and test on the rest."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng([seed, 1])
    past = prepared(behaviour(rng, PAST_LEADS))
    mean, spread = past.mean(axis=0), past.std(axis=0)
    inputs = (past - mean) / spread
    unseen = rng.normal(0.0, 1.0, PAST_LEADS)  # what no feature knows: nobody is certain
    truth = inputs @ np.array(list(FEATURES.values())) + unseen - 2.0
    converted = rng.random(PAST_LEADS) < 1 / (1 + np.exp(-truth))
    cut = PAST_LEADS * 3 // 4
    fit = LogisticRegression().fit(inputs[:cut], converted[:cut])
    auc = roc_auc_score(converted[cut:], fit.decision_function(inputs[cut:]))
    # Rounded, so that another machine's last digits do not make other scores.
    return Model(mean, spread, fit.coef_[0].round(6), round(float(fit.intercept_[0]), 6), auc)


def behaviour(rng: np.random.Generator, leads: int) -> Numbers:
    """Generate what leads did and are, one row each, in the order of FEATURES."""
    import numpy as np

    interest = rng.gamma(2.0, 0.5, leads)  # what no one sees, and all that is seen comes from
    columns = {
        "pages_viewed": rng.poisson(6 * interest),
        "pricing_page_visits": rng.poisson(0.6 * interest),
        "attended_webinar": rng.random(leads) < 0.10 + 0.08 * np.minimum(interest, 3),
        "email_clicks": rng.poisson(1.2 * interest),
        "days_since_last_touch": np.minimum(rng.exponential(30 / (0.3 + interest)), 365) // 1,
        "company_employees": np.maximum(rng.lognormal(4.6, 1.6, leads), 1) // 1,
        "industry_fit": rng.choice([0.0, 0.5, 1.0], leads, p=[0.35, 0.4, 0.25]),
        "free_mail_address": rng.random(leads) < 0.22,
        "requested_demo": rng.random(leads) < 0.04 * np.minimum(interest, 3),
        "weeks_since_created": rng.integers(0, 52, leads),
    }
    return np.column_stack([columns[name] for name in NAMES]).astype(float)


def prepared(raw: Numbers) -> Numbers:
    """Take the logarithm of the skewed features."""
    import numpy as np

    ready = raw.copy()
    for name in SKEWED:
        ready[:, NAMES.index(name)] = np.log1p(raw[:, NAMES.index(name)])
    return ready


def behave(raw: Numbers, chosen: Places, model: Model) -> None:
    """Let the chosen leads live on: the cool ones come to the pricing page, the hot ones leave."""
    column = {name: place for place, name in enumerate(NAMES)}
    is_hot = scores(contributions(raw[chosen], model), model) >= 0.5
    hot, cool = chosen[is_hot], chosen[~is_hot]
    raw[hot, column["days_since_last_touch"]] += 45
    raw[hot, column["pricing_page_visits"]] = 0
    raw[hot, column["requested_demo"]] = 0
    raw[cool, column["days_since_last_touch"]] = 0
    raw[cool, column["pages_viewed"]] += 9
    raw[cool, column["pricing_page_visits"]] += 3


def contributions(raw: Numbers, model: Model) -> Numbers:
    """Give what each feature adds to the log-odds, against an average lead.

    They and the intercept sum to the log-odds of the score.
    """
    parts: Numbers = (prepared(raw) - model.mean) / model.spread * model.weights
    return parts


def scores(parts: Numbers, model: Model) -> Numbers:
    """Give the probability of conversion."""
    import numpy as np

    chances: Numbers = 1 / (1 + np.exp(-(parts.sum(axis=1) + model.intercept)))
    return chances


def write(options: argparse.Namespace, model: Model) -> int:
    """Write the predictions in batches; give how many."""
    import pyarrow.parquet as pq

    earlier = last_time(options.out) if options.shift else None
    options.out.parent.mkdir(parents=True, exist_ok=True)
    new = options.out.with_name(f"new-{options.out.name}")
    rows, writer = 0, None
    for table in tables(options, model, earlier or options.scored_at):
        writer = writer or pq.ParquetWriter(new, table.schema)
        writer.write_table(table)
        rows += len(table)
    if writer is not None:
        writer.close()
        new.replace(options.out)
    return rows


def last_time(path: Path) -> datetime | None:
    """Give when the predictions in a file were made, or None without the file."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if not path.exists():
        return None
    newest: datetime = pc.max(pq.read_table(path, columns=["scored_at"])["scored_at"]).as_py()
    return newest


def tables(options: argparse.Namespace, model: Model, earlier: datetime) -> Iterator[pa.Table]:
    """Score all leads, a batch at a time; the bad predictions come in the first and the last."""
    import numpy as np

    rng = np.random.default_rng([options.seed, 2])
    moved = np.sort(rng.choice(options.leads, min(options.shift, options.leads), replace=False))
    for start in range(0, options.leads, BATCH):
        count = min(BATCH, options.leads - start)
        raw = behaviour(np.random.default_rng([options.seed, 3, start]), count)
        chosen = moved[(moved >= start) & (moved < start + count)] - start
        behave(raw, chosen, model)
        times = np.full(count, earlier.timestamp(), dtype="int64")
        times[chosen] = int(options.scored_at.timestamp())
        table = predictions(start, raw, times, model)
        yield spoilt(table) if options.bad and start == 0 else table


def predictions(start: int, raw: Numbers, times: Places, model: Model) -> pa.Table:
    """Make the table of one batch."""
    import numpy as np
    import pyarrow as pa

    parts = contributions(raw, model)
    ids = [f"P-{number:06d}" for number in range(start + 1, start + len(raw) + 1)]
    sizes = np.searchsorted([50, 1000], raw[:, NAMES.index("company_employees")], side="right")
    segments = pa.array(["Small business", "Mid-market", "Enterprise"])
    return pa.table(
        {
            "prospect_id": pa.array(ids),
            "score": pa.array(scores(parts, model).round(4)),
            "top_factors": top_factors(raw, parts),
            "segment": segments.take(pa.array(sizes)),
            "model_version": pa.repeat(pa.scalar(MODEL), len(raw)),
            "scored_at": pa.array(times * 1_000_000, pa.timestamp("us", tz="UTC")),
        }
    )


def top_factors(raw: Numbers, parts: Numbers) -> pa.Array:
    """Give for each lead the factors that moved its score most, the largest first."""
    import numpy as np
    import pyarrow as pa

    order = np.argsort(-np.abs(parts), axis=1, kind="stable")[:, :FACTORS]
    each = np.arange(len(raw))[:, None]
    factors = pa.StructArray.from_arrays(
        [
            pa.array(NAMES).take(pa.array(order.ravel())),
            pa.array(raw[each, order].ravel()),
            pa.array(parts[each, order].round(4).ravel()),
        ],
        names=["feature", "value", "contribution"],
    )
    return pa.ListArray.from_arrays(
        pa.array(np.arange(len(raw) + 1) * FACTORS, pa.int32()), factors
    )


def spoilt(table: pa.Table) -> pa.Table:
    """Spoil a few predictions, as real jobs do; each must come out as a reject with its reason.

    Row 5 has a text too long for its field, row 8 a segment that no picklist knows; at the end
    stand a lead that the CRM does not have, and a second prediction for the first lead.
    """
    import pyarrow as pa

    versions, segments = table["model_version"].to_pylist(), table["segment"].to_pylist()
    versions[4] = f"{MODEL}-retrained-after-the-november-campaign"
    segments[7] = "Galactic"
    table = table.set_column(table.column_names.index("segment"), "segment", pa.array(segments))
    place = table.column_names.index("model_version")
    table = table.set_column(place, "model_version", pa.array(versions))
    ids = pa.array(["P-UNKNOWN", table["prospect_id"][0].as_py()])
    more = table.slice(1, 2).set_column(0, "prospect_id", ids)
    return pa.concat_tables([table, more])


if __name__ == "__main__":
    main()

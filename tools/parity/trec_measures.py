"""Writes fixtures/trec.json, measures by trec_eval: `pip install pytrec-eval-terrier==0.5.11`, then `python tools/parity/trec_measures.py`."""
import json
import random
from pathlib import Path

import pytrec_eval

SEED = 20250901
KS = (1, 5, 10)


def case(rng, queries, documents, depth, relevant):
    """Runs without ties: scores are a shuffled range. Some queries find nothing relevant, some relevant documents are not in the run."""
    run, qrels = {}, {}
    for q in range(queries):
        pool = [f"d{d}" for d in range(documents)]
        judged = rng.sample(pool, rng.randint(1, relevant))
        qrels[f"q{q}"] = {name: 1 for name in judged}
        qrels[f"q{q}"].update({name: 0 for name in rng.sample(pool, 3) if name not in judged})
        scores = rng.sample(range(10 * documents), depth)
        run[f"q{q}"] = {name: score / 1024 for name, score in zip(rng.sample(pool, depth), scores)}
    return run, qrels


def measured(run, qrels):
    names = {f"{ours}@{k}": f"{theirs}_{k}" for k in KS for ours, theirs in (("hit", "success"), ("recall", "recall"), ("nDCG", "ndcg_cut"))}
    names |= {"MRR": "recip_rank", "MAP": "map"}
    names |= {f"SCR@{k}": f"P_{k}" for k in KS}
    wanted = {name.replace("_", ".", 1) if name.startswith(("success", "recall_", "P_")) else name for name in names.values()}
    wanted = {name.replace("ndcg_cut_", "ndcg_cut.") for name in wanted}
    found = pytrec_eval.RelevanceEvaluator(qrels, wanted).evaluate(run)
    return {ours: sum(q[theirs] for q in found.values()) / len(found) for ours, theirs in names.items()}


def main():
    rng = random.Random(SEED)
    shapes = [(1, 11, 7, 1), (13, 40, 23, 1), (17, 40, 40, 6), (23, 101, 31, 20)]
    cases = []
    for shape in shapes:
        run, qrels = case(rng, *shape)
        cases.append({"run": run, "qrels": qrels, "measures": measured(run, qrels)})
    path = Path(__file__).parent / "fixtures" / "trec.json"
    path.write_text(json.dumps({"seed": SEED, "pytrec_eval": "0.5.11", "cases": cases}, separators=(",", ":")) + "\n")
    print(f"trec: {len(cases)} cases, {path.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()

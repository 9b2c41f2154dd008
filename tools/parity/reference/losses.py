"""The loss terms, Eq. 7 to 18, as the sums and logarithms that the paper prints, a number at a time.

A batch has two sides, `items[0]` and `items[1]` (superscripts 1 and 2), each with `f`, `v`, `t` [N, D], `valid` by view (lists
of 0 and 1) and `product`, a list of ids. Where a row has no representation, sums and averages run over the rows that have one.
Options that a term is not given are the printed equation's.
"""
import math

import torch

VIEWS = {"f": "fused", "v": "image", "t": "text"}


def similarity(x, y):
    return x @ y.T


def mean(values):
    """The mean of scalars; of none it is zero."""
    return sum(values) / len(values) if values else torch.zeros((), dtype=torch.float64)


def temperature(option, printed, log_temperature):
    """tau: printed, given, or learned as the exponential of a parameter (CLIP)."""
    if isinstance(option, dict):
        return torch.exp(log_temperature)
    return printed if option is None else option


def rows(*sides):
    """The rows that all of these (item, view) have."""
    masks = [item["valid"][view] for item, view in sides]
    return [i for i in range(len(masks[0])) if all(mask[i] for mask in masks)]


def same_product(query, candidate, i, j):
    """Whether candidate j is no negative of query i, because their pairs share a product."""
    if i == j:
        return False
    if query is candidate:
        return query["product"][i] == query["product"][j]
    return (
        candidate["product"][j] == candidate["product"][i]
        or candidate["product"][j] == query["product"][i]
        or query["product"][j] == query["product"][i]
    )


def info_nce(query, query_view, candidate, candidate_view, tau, symmetric=False, masked=False):
    """-log( exp(s_ii / tau) / sum_j exp(s_ij / tau) ) by anchor i; symmetric: the mean with the one from the other side."""
    s = similarity(query[query_view], candidate[candidate_view])
    values = {}
    for i in rows((query, query_view), (candidate, candidate_view)):
        js = [j for j in rows((candidate, candidate_view)) if not (masked and same_product(query, candidate, i, j))]
        value = -torch.log(torch.exp(s[i, i] / tau) / sum(torch.exp(s[i, j] / tau) for j in js))
        if symmetric:
            js = [j for j in rows((query, query_view)) if not (masked and same_product(query, candidate, j, i))]
            back = -torch.log(torch.exp(s[i, i] / tau) / sum(torch.exp(s[j, i] / tau) for j in js))
            value = (value + back) / 2
        values[i] = value
    return values


def v2t(items, options, log_temperature=None):
    """Eq. 8. `pairing`: within each item (both averaged), across the pair, or all three."""
    pairing = options.get("pairing", "within")
    pairs = {
        "within": [(items[0], items[0]), (items[1], items[1])],
        "across": [(items[0], items[1])],
    }
    pairs["both"] = pairs["within"] + pairs["across"]
    tau = temperature(options.get("temperature"), 0.07, log_temperature)
    values = []
    for images, titles in pairs[pairing]:
        part = info_nce(
            images, "v", titles, "t", tau, options.get("symmetric", False), options.get("maskFalseNegatives", False)
        )
        values += part.values()
    return mean(values)


def pml(items, options, log_temperature=None):
    """Eq. 9, with the sums of the denominators over j."""
    first, second = items
    sides = [("f", "f"), ("v", "f"), ("t", "f")]
    if options.get("symmetric", False):
        sides += [("f", "v"), ("f", "t")]
    masked = options.get("maskFalseNegatives", False)
    tau = temperature(options.get("temperature"), 0.07, log_temperature)
    total = 0
    for x, y in sides:
        if options.get("kind", "infoNCE") == "infoNCE":
            values = info_nce(first, x, second, y, tau, masked=masked).values()
        else:
            s = similarity(first[x], second[y])
            values = []
            for i in rows((first, x), (second, y)):
                js = [j for j in rows((second, y)) if j != i and not (masked and same_product(first, second, i, j))]
                values.append(mean([torch.relu(options.get("alpha1", 0.2) + s[i, j] - s[i, i]) for j in js]))
        total = total + mean(list(values))
    return total


def pdc(items, options, log_temperature=None):
    """Eq. 11."""
    first, second = items
    alpha2 = options.get("alpha2", 0.1)
    masked = options.get("maskFalseNegatives", False)
    target = second if options.get("positives", "pair") == "pair" else first
    s_mm = similarity(first["f"], second["f"])
    total = 0
    for x in ("v", "t"):
        s_xm = similarity(first[x], target["f"])
        values = []
        for i in rows((first, x), (first, "f"), (target, "f")):
            hinges = []
            for j in rows((second, "f")):
                if options.get("excludeDiagonal", False) and j == i:
                    continue
                if masked and same_product(first, second, i, j):
                    continue
                hinges.append(torch.relu(alpha2 + s_mm[i, j] - s_xm[i, i]))
            values.append(sum(hinges) if options.get("reduction", "sum") == "sum" else mean(hinges))
        total = total + mean(values)
    return total


def most_similar(s, i, js, k):
    """The k candidates j of i with the largest s_ij, or all where there are fewer."""
    return sorted(js, key=lambda j: -s[i, j].item())[:k]


def plc(items, options, log_temperature=None):
    """Eq. 12. The sum over i is printed; our default is the mean."""
    first, second = items
    alpha3, k = options.get("alpha3", 0.05), options.get("k", 10)
    masked = options.get("maskFalseNegatives", False)
    s = {x: similarity(first[x], second["f"]) for x in "fvt"}
    total = 0
    for x, y in (("v", "f"), ("t", "f"), ("v", "t")):
        values = []
        for i in rows((first, x), (first, y), (first, "f")):
            js = [j for j in rows((second, "f")) if not (masked and same_product(first, second, i, j))]
            near = most_similar(s["f"], i, js, k)
            values.append(mean([torch.relu(-alpha3 + (s[x][i, j] - s[y][i, j]) ** 2) for j in near]))
        total = total + (sum(values) if options.get("reduction", "mean") == "sum" else mean(values))
    return total


def v2v(items, options, log_temperature=None):
    """Eq. 14 to 16. The sum over i of Eq. 16 is printed; our default is the mean."""
    first, second = items
    alpha4 = options.get("alpha4", 0.2)
    masked = options.get("maskFalseNegatives", False)
    tau = temperature(options.get("temperature"), 0.07, log_temperature)
    standard = info_nce(first, "v", second, "v", tau, options.get("symmetric", False), masked)
    s = similarity(first["v"], second["v"])
    existing = rows((second, "v"))
    hard = options.get("hardNegatives", {"share": 0.5})
    if "count" in hard:
        k = hard["count"]
    else:
        k = max(1, min(max(1, math.floor(hard["share"] * len(existing))), len(existing) - 1))
    values = []
    for i in rows((first, "v"), (second, "v")):
        js = [j for j in existing if j != i and not (masked and same_product(first, second, i, j))]
        values.append(mean([torch.relu(alpha4 + s[i, j] - s[i, i]) for j in most_similar(s, i, js, k)]))
    return mean(list(standard.values())) + (sum(values) if options.get("reduction", "mean") == "sum" else mean(values))


def t2t(items, options, log_temperature=None):
    """Eq. 17."""
    tau = temperature(options.get("temperature"), 0.03, log_temperature)
    masked = options.get("maskFalseNegatives", False)
    values = info_nce(items[0], "t", items[1], "t", tau, options.get("symmetric", False), masked)
    return mean(list(values.values()))


def nine_tasks(items, options, log_temperature=None):
    """InfoNCE of any view against any view, over the anchors of all nine. Not in the paper."""
    tau = temperature(options.get("temperature"), 0.07, log_temperature)
    symmetric, masked = options.get("symmetric", True), options.get("maskFalseNegatives", False)
    values = []
    for x in "vtf":
        for y in "vtf":
            values += info_nce(items[0], x, items[1], y, tau, symmetric, masked).values()
    return mean(values)


TERMS = {"v2t": v2t, "pml": pml, "pdc": pdc, "plc": plc, "v2v": v2v, "t2t": t2t, "tasks": nine_tasks}
NAMES = {"v2t": "V2T", "pml": "PML", "pdc": "PDC", "plc": "PLC", "v2v": "V2V", "t2t": "T2T", "tasks": "TASKS"}

# The values that 3.5 and 4.1.4 print, and the sums over i of Eq. 12 and 16.
PAPER = {
    "v2t": {"temperature": 0.07, "pairing": "within"},
    "pml": {"temperature": 0.07},
    "pdc": {"alpha2": 0.1, "reduction": "sum"},
    "plc": {"alpha3": 0.05, "k": 10, "reduction": "sum"},
    "v2v": {"temperature": 0.07, "alpha4": 0.2, "hardNegatives": {"share": 0.5}, "reduction": "sum"},
    "t2t": {"temperature": 0.03},
}
RECOMMENDED = {
    "v2t": {"pairing": "both", "symmetric": True},
    "pml": {"symmetric": True},
    "pdc": {"reduction": "mean"},
    "plc": {},
    "v2v": {},
    "t2t": {},
    "tasks": {"temperature": {"learnedFrom": 0.07}},
}
PRESETS = {"paper": PAPER, "recommended": RECOMMENDED}

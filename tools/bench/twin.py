"""The PyTorch twin of the benchmark: `python twin.py CASE {check|serve|time}`; the case is made by `write-case.mjs`.

check: one step from the case's weights; writes loss, terms, embeddings, gradients and new weights to --out.
serve: answers requests, a JSON object a line on standard input: {"do": "step" | "encode" | "peak"}.
time: takes --steps steps and prints their milliseconds.
"""

import argparse
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import torch

from torch_twin import safetensors
from torch_twin.case import read_case
from torch_twin.training import Training


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def check(training: Training, batch: dict, out: Path) -> None:
    training.model.eval()
    with torch.no_grad():
        views = dict(zip(("fused", "image", "text"), training.model(**batch)))
    training.model.train()
    report = training.step(batch)
    found = {f"views.{name}": x for name, x in views.items()}
    found |= {f"report.{name}": torch.tensor(x) for name, x in report.items()}
    for name, parameter in training.named_parameters().items():
        found[f"gradient.{name}"] = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        found[f"updated.{name}"] = parameter
    safetensors.write(out, found)


def encoder(training: Training, compiled: bool):
    embed = torch.compile(training.model.embed) if compiled else training.model.embed

    def encode(batch: dict) -> None:
        training.model.eval()
        with torch.inference_mode():
            # Ours gives the embeddings in the host's memory; on the CPU they are there.
            embed(**batch).cpu()

    return encode


def serve(training: Training, batch: dict, compiled: bool, device: str) -> None:
    work = {"step": training.step, "encode": encoder(training, compiled)}
    print(json.dumps({"ready": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "peak":
            print(json.dumps({"bytes": peak_bytes()}), flush=True)
            continue
        start = time.perf_counter()
        # From the host's memory, as a loader gives it; nothing is copied on the CPU.
        report = work[request["do"]]({name: x.to(device) for name, x in batch.items()})
        answer = {"ms": (time.perf_counter() - start) * 1000}
        print(json.dumps(answer | ({"loss": report["loss"]} if report else {})), flush=True)


def time_steps(training: Training, batch: dict, steps: int) -> None:
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        report = training.step(batch)
        times.append((time.perf_counter() - start) * 1000)
    warm = times[min(3, steps - 1) :]
    print("first", [round(t) for t in times[:3]], "then", [round(t) for t in warm])
    print(f"median {statistics.median(warm):.1f} ms, least {min(warm):.1f}, loss {report['loss']:.6f}")
    print(f"peak {peak_bytes() / 1e9:.2f} GB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    parser.add_argument("action", choices=["check", "serve", "time"])
    parser.add_argument("--compile", action="store_true", help="torch.compile instead of eager")
    parser.add_argument("--no-shortcuts", action="store_true", help="three full passes, as the equations stand")
    parser.add_argument("--threads", type=int, help="as many as ours takes; default PyTorch's choice")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="of serve")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    case, weights, batch = read_case(options.case)
    if options.device != "cpu":
        # float32 as in ours: the default lets convolutions round their operands to 10 bits.
        torch.backends.cudnn.allow_tf32 = False
    training = Training(case, weights, options.compile, not options.no_shortcuts, options.device)
    if options.action == "check":
        check(training, batch, options.out)
    elif options.action == "serve":
        serve(training, batch, options.compile, options.device)
    else:
        time_steps(training, batch, options.steps)


if __name__ == "__main__":
    main()

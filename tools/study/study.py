"""Many short trainings of UniECS and its baselines on one GPU, several at a time: `study.py DATA PLAN OUT`.

DATA is what `prepare.mjs` makes; PLAN a JSON list of arms `{"name": ..., "seeds": [...], ...}` whose other fields change
`DEFAULTS` of `settings.py`.
Every finished run is a line of OUT. The encoders and the fusion are the PyTorch twin of the benchmarks, which `npm run bench:check`
holds against the product's own step; products are rounded to TF32, images augmented on the GPU from 64 x 64 pixels. So the figures are
the twin's, near the product's and not the same.
"""

import json
import sys
import time
from pathlib import Path

import torch
from data import Data
from run import Run


def main() -> None:
    folder, plan, out = (Path(x) for x in sys.argv[1:4])
    together, limit = int(sys.argv[4]), float(sys.argv[5])
    begun = time.perf_counter()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    data = Data(folder)
    print(f"data after {time.perf_counter() - begun:.1f} s", flush=True)
    arms = json.loads(plan.read_text())
    waiting = [(arm, seed) for seed in (7, 8, 9, 10, 11) for arm in arms if seed in arm.get("seeds", [7, 8, 9])]
    running: list[Run] = []
    with out.open("a") as lines:
        while waiting or running:
            late = time.perf_counter() - begun > limit
            while waiting and len(running) < together and not late:
                run = Run(data, *waiting.pop(0))
                run.record()
                running.append(run)
            if late:
                print(f"out of time with {len(waiting)} not begun and {len(running)} not done", flush=True)
                break
            for run in running:
                run.step()
            for run in [run for run in running if run.taken >= run.steps]:
                running.remove(run)
                done = run.report()
                lines.write(json.dumps(done) + "\n")
                lines.flush()
                a, b = done["last"], done["average"]
                print(
                    f"{time.perf_counter() - begun:6.1f} {run.name:40} {run.seed} last {a['mean']:.4f} {a['five']:.4f} | {a['mean+']:.4f} {a['five+']:.4f}"
                    f"  avg {b['mean']:.4f} {b['five']:.4f} | {b['mean+']:.4f} {b['five+']:.4f} loss {done['loss']}",
                    flush=True,
                )


if __name__ == "__main__":
    main()

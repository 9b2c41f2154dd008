"""The ten best of every query by faiss's flat index, as a child process: python ranks_faiss.py DATA.json THREADS"""

import json
import resource
import sys
import time

import faiss
import numpy as np

with open(sys.argv[1], encoding="utf8") as file:
    data = json.load(file)
faiss.omp_set_num_threads(int(sys.argv[2]))
pairs, dimension = data["pairs"], data["dimension"]


def views(side):
    shape = (pairs, dimension)
    return [np.fromfile(f"{data['folder']}/{side}-{view}.f32", dtype=np.float32).reshape(shape) for view in range(3)]


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


query, candidate = views("query"), views("candidate")
loaded = peak()


def task(request):
    start, cpu = time.perf_counter(), time.process_time()
    index = faiss.IndexFlatIP(dimension)
    index.add(candidate[request["candidate"]])
    _, best = index.search(query[request["query"]], 10)
    ms, cpu_ms = (time.perf_counter() - start) * 1000, (time.process_time() - cpu) * 1000
    hits = int((best == np.arange(pairs)[:, None]).any(axis=1).sum())
    return {"ms": ms, "cpuMs": cpu_ms, "hits": hits}


print(json.dumps({"ready": faiss.__version__}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    answer = task(request) if request["do"] == "task" else {"bytes": peak() - loaded}
    print(json.dumps(answer), flush=True)

"""Many requests at the same moment."""
import concurrent.futures
import threading


def at_once(count, call):
    """Runs call(0) … call(count - 1) on as many threads, released together; the results in order."""
    gate = threading.Barrier(count)

    def run(index):
        gate.wait()
        return call(index)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))

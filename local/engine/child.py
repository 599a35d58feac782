"""Runs one Pulumi program under whichever interpreter executes this file, and reports how it ended.

Imports nothing but the standard library and pulumi, because the program's interpreter has no more. The exit status is
0, or 32 when what went wrong has been told to the engine.
"""

import argparse
import asyncio
import gc
import logging
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pulumi
import pulumi.runtime

REPORTED = 32


def main() -> int:
    """Run the program inside a stack."""
    options = _options()
    # A program's resources live until it ends: looking for some to collect takes an eighth of its time.
    gc.disable()
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=options.address,
            engine=options.address,
            project=options.project,
            stack=options.stack,
            parallel=options.parallel,
            dry_run=options.preview,
            organization="organization",
            root_directory=options.root,
        )
    )
    sys.argv = [options.program]
    pulumi.log.debug = _without_debugging
    # Futures that nobody awaits after a failure are no news to the user.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    threads = ThreadPoolExecutor(4 * options.parallel)
    loop.set_default_executor(threads)

    def program() -> None:
        runpy.run_path(options.program, run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return REPORTED
    except Exception:
        pulumi.log.error(f"the program ended with an exception:\n{_user_traceback(options.program)}")
        return REPORTED
    finally:
        threads.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _without_debugging(*args: object, **kwargs: object) -> None:
    """The SDK tells the engine of each property that it translates, a call each; the engine shows none of it."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--project", required=True)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--root", required=True)
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("--preview", action="store_true")
    parser.add_argument("program")
    return parser.parse_args()


def _user_traceback(program: str) -> str:
    """The traceback from the program's own first frame on; all of it when the program isn't in it."""
    kind, error, trace = sys.exc_info()
    path = Path(program).resolve()
    main = path / "__main__.py" if path.is_dir() else path
    start = trace
    while start is not None and Path(start.tb_frame.f_code.co_filename).resolve() != main:
        start = start.tb_next
    return "".join(traceback.format_exception(kind, error, start or trace, chain=start is None))


if __name__ == "__main__":
    sys.exit(main())

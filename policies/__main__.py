"""The pack as the Pulumi CLI starts it: from any folder, under any folder name. Serves until it is ended."""

import gc
import importlib.util
import sys
from pathlib import Path

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        "policies", here / "__init__.py", submodule_search_locations=[str(here)]
    )
    assert spec and spec.loader
    package = sys.modules["policies"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)

    from pulumi_policy import EnforcementLevel, PolicyPack

    from policies.pack import policies
    from policies.reading import read_once

    # What the rules judge lives until the process ends, so there is nothing to collect.
    gc.disable()
    read_once()
    PolicyPack("serviceful", policies(), enforcement_level=EnforcementLevel.MANDATORY)

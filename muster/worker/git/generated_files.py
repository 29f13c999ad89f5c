"""Recognize generated files by path: those of package managers, compilers and other projects."""

from fnmatch import fnmatchcase

_NAMES = frozenset(
    {
        *("Cargo.lock", "Gemfile.lock", "Pipfile.lock", "bun.lock", "bun.lockb", "composer.lock"),
        *(
            "deno.lock",
            "flake.lock",
            "go.sum",
            "gradle.lockfile",
            "mix.lock",
            "npm-shrinkwrap.json",
        ),
        *("package-lock.json", "pdm.lock", "pnpm-lock.yaml", "poetry.lock", "pubspec.lock"),
        *("uv.lock", "yarn.lock", "Package.resolved", "Podfile.lock", "packages.lock.json"),
    }
)
_PATTERNS = (
    *("*.min.js", "*.min.css", "*.js.map", "*.css.map", "*.mjs.map"),
    *("*.pb.go", "*.pb.cc", "*.pb.h", "*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*.pb.swift"),
    *("*.g.dart", "*.freezed.dart", "*.designer.cs", "*.snap"),
)
# Not attributes like `linguist-generated`: a task could set them to fold its own work.
_DIRECTORIES = frozenset(
    {"node_modules", "third_party", "vendor", "__generated__", "__snapshots__"}
)


def is_generated(path: str) -> bool:
    """Whether the file with that path is generated or copied, as far as its path shows."""
    *directories, name = path.strip('"').split("/")
    return (
        name in _NAMES
        or not _DIRECTORIES.isdisjoint(directories)
        or any(fnmatchcase(name, pattern) for pattern in _PATTERNS)
    )

"""Recognize generated files by name: those of package managers and compilers."""

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


def is_generated(path: str) -> bool:
    """Whether the file with that path is generated, as far as its name shows."""
    name = path.rpartition("/")[2].removesuffix('"')
    return name in _NAMES or any(fnmatchcase(name, pattern) for pattern in _PATTERNS)

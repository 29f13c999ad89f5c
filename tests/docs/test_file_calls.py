"""docs/security.md lists each call of the worker that may touch a file below a workspace or a home.

A new call fails here until somebody has decided, and written there, where it may reach.
"""

import ast
import re
from pathlib import Path

from muster.worker.sandbox import trees

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "muster" / "worker"
SECTION = "### Files below workspaces and homes"
OS = frozenset(
    (
        *("open", "scandir", "listdir", "walk", "mkdir", "makedirs", "mkfifo", "mknod"),
        *("link", "symlink", "rename", "replace", "remove", "unlink", "rmdir"),
        *("chown", "lchown", "chmod", "truncate", "utime", "setxattr", "removexattr"),
    )
)
METHODS = frozenset(
    (
        *("read_text", "read_bytes", "write_text", "write_bytes", "iterdir"),
        *("glob", "rglob", "walk", "touch", "mkdir", "symlink_to", "hardlink_to"),
        *("rename", "unlink", "rmdir", "chmod"),
    )
)
PROGRAMS = frozenset(["rm", "chown", "chmod", "cp", "mv", "du", "tar", "find", "ln", "rsync"])
NO_FILES = frozenset({"which", "disk_usage", "ignore_patterns", "get_terminal_size"})


def calls_in(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("open")):
                found.add("open")
            case ast.Call(ast.Attribute(ast.Name("os"), name)) if name in OS:
                found.add(f"os.{name}")
            case ast.Call(ast.Attribute(ast.Name("shutil"), name)) if name not in NO_FILES:
                found.add(f"shutil.{name}")
            case ast.Call(ast.Attribute(ast.Name("atomic_write"), name)):
                found.add(f"atomic_write.{name}")
            case ast.Call(ast.Attribute(_, name)) if name in METHODS:
                found.add(name)
            case ast.Call(ast.Attribute(_, "chown"), [_, *_]):
                found.add("chown")
            case ast.List([ast.Constant(str(name)), *_]) if name in PROGRAMS:
                found.add(name)
    return found


def knows_trees(tree: ast.Module) -> bool:
    """Whether a module has the path of a workspace or a home."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(_, "workspace" | "attempt_home"), [_, *_]):
                return True
            case ast.Attribute(_, "host_workspace" | "host_home" | "workspaces" | "homes"):
                return True
    return False


def modules() -> dict[str, ast.Module]:
    paths = sorted(WORKER.rglob("*.py"))
    return {path.relative_to(WORKER).as_posix(): ast.parse(path.read_text()) for path in paths}


def documented() -> tuple[dict[str, set[str]], set[str]]:
    """What the section allows: by module its calls, and modules that stay away from such trees."""
    text = (ROOT / "docs" / "security.md").read_text()
    section = text.split(f"{SECTION}\n", 1)[1].split("\n## ", 1)[0].split("\n### ", 1)[0]
    exact: dict[str, set[str]] = {}
    for line in section.splitlines():
        if row := re.match(r"\| `([\w/]+\.py)` \| (.*?) \|", line):
            exact[row[1]] = set(re.findall(r"`([\w.]+)`", row[2]))
    return exact, set(re.findall(r"`([\w/]+\.py)`", section)) - set(exact)


def test_each_call_that_may_reach_an_attempts_files_is_documented() -> None:
    exact, away = documented()
    found = {name: calls for name, tree in modules().items() if (calls := calls_in(tree))}
    assert {name: calls for name, calls in found.items() if name not in away} == exact
    assert away - set(found) == set()


def test_who_could_name_an_attempts_files_is_documented_call_by_call() -> None:
    _, away = documented()
    assert [name for name, tree in modules().items() if name in away and knows_trees(tree)] == []


def test_a_call_is_found_however_it_is_spelled() -> None:
    source = "\n".join(
        [
            "open(x); os.open(x); (home / '.gitconfig').write_text(y); identity.chown(path)",
            "subprocess.run(['chown', '-R', x]); shutil.rmtree(x); atomic_write.replace_file(x, y)",
        ]
    )
    found = {"open", "os.open", "write_text", "chown", "shutil.rmtree", "atomic_write.replace_file"}
    assert calls_in(ast.parse(source)) == found
    assert knows_trees(ast.parse("layout.attempt_home(key)"))


def test_trees_opens_nothing_by_a_path_of_more_than_one_step() -> None:
    """Each handle is opened beneath another, never through a link."""
    source = ast.parse(Path(trees.__file__).read_text())
    for call in (n for n in ast.walk(source) if isinstance(n, ast.Call)):
        match call.func:
            case ast.Attribute(ast.Name("os"), "open" | "stat" | "lstat" | "unlink" | "rmdir"):
                target = ast.unparse(call.args[0])
                is_top = target in {"tree", "tree.parent"}
                assert is_top or any(k.arg == "dir_fd" for k in call.keywords), ast.unparse(call)
    assert trees._DIRECTORY & trees.os.O_NOFOLLOW
    assert trees._ENTRY & trees.os.O_NOFOLLOW

#!/usr/bin/env python3
"""The rules find what is planted, and let pass what is right."""
import pathlib
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
sys.dont_write_bytecode = True

import banned  # noqa: E402
import coroutines  # noqa: E402
import headers  # noqa: E402
import includes  # noqa: E402
import sizes  # noqa: E402
import words  # noqa: E402
from source import Tree, blank, functions  # noqa: E402


class Planted(unittest.TestCase):
    def tree(self, **files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in files.items():
            path = pathlib.Path(folder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Tree(folder.name)

    def rules(self, findings):
        return sorted({f.rule for f in findings})

    # ---- layers
    def includes_of(self, name, target):
        return self.rules(includes.check(self.tree(**{name: f'#include "{target}"\n'})))

    def test_a_lower_folder_may_not_include_a_higher_one(self):
        self.assertEqual(self.includes_of("src/base/x.h", "runtime/task.h"), ["layers"])
        self.assertEqual(self.includes_of("src/http/x.h", "gateway/routes.h"), ["layers"])
        self.assertEqual(self.includes_of("src/gateway/x.h", "http/server.h"), [])

    def test_a_role_knows_only_the_doors_of_roles_before_it(self):
        self.assertEqual(self.includes_of("src/notification/x.h", "identity/api.h"), [])
        self.assertEqual(self.includes_of("src/notification/x.h", "identity/service.h"), ["layers"])
        self.assertEqual(self.includes_of("src/identity/x.h", "auth/api.h"), ["layers"])
        self.assertEqual(self.includes_of("src/app/x.h", "identity/service.h"), [])

    def test_only_adapters_and_wires_of_a_role_use_drivers(self):
        self.assertEqual(self.includes_of("src/identity/service.cpp", "drivers/sqlite/database.h"), ["layers"])
        self.assertEqual(self.includes_of("src/identity/adapters/sqlite_store.cpp", "drivers/sqlite/database.h"), [])
        self.assertEqual(self.includes_of("src/identity/wire.h", "drivers/sqlite/database.h"), [])

    def test_drivers_do_not_use_one_another_and_know_no_messages(self):
        self.assertEqual(self.includes_of("src/drivers/mail/x.h", "drivers/sqlite/database.h"), ["layers"])
        self.assertEqual(self.includes_of("src/drivers/mail/x.h", "gatehouse/identity/v1/identity.pb.h"), ["layers"])

    def test_a_folder_without_a_layer_is_found(self):
        self.assertEqual(self.includes_of("src/common/x.h", "base/error.h"), ["layers"])

    def test_a_source_includes_its_own_header_first(self):
        wrong = self.tree(**{"src/base/a.h": "", "src/base/a.cpp": '#include <string>\n#include "base/a.h"\n'})
        self.assertEqual(self.rules(includes.check(wrong)), ["own_header_first"])

    # ---- headers
    def test_a_header_that_needs_another_first_is_found(self):
        tree = self.tree(**{"src/base/lonely.h": "#pragma once\nstd::string f();\n"})
        self.assertEqual(self.rules(headers.check(tree)), ["header_alone"])
        self.assertEqual(self.rules(headers.check(tree)), ["header_alone"], "a failure is not remembered as success")

    def test_a_header_that_stands_alone_is_compiled_once(self):
        tree = self.tree(**{"src/base/good.h": "#pragma once\n#include <string>\nstd::string f();\n"})
        self.assertEqual(headers.check(tree), [])
        self.assertIn("src/base/good.h", (tree.root / "build/house/headers.json").read_text())

    # ---- banned calls
    def banned_in(self, code, name="src/identity/x.cpp"):
        return self.rules(banned.check(self.tree(**{name: code}), FOLDER))

    def test_banned_calls_are_found(self):
        for rule, code in {
                "detached": "asio::co_spawn(e, f(), asio::detached);", "clock": "auto t = std::chrono::system_clock::now();",
                "random": "std::random_device d;", "sleep": "std::this_thread::sleep_for(x);", "stdout": 'std::printf("x");',
                "debug_string": "log(user.ShortDebugString());", "beast_whole": "#include <boost/beast.hpp>",
                "number_parsing": "int x = std::stoi(text);", "new_thread": "std::thread worker(f);",
                "unfinished": "// TO" "DO later", "reveal": "send(password.reveal());",
                "mutex_in_coroutine_file": "std::mutex m;\nTask<void> f() { co_return Done{}; }",
                "unbounded_c": "strcpy(a, b);", "volatile_time": "std::gmtime(&t);"}.items():
            self.assertEqual(self.banned_in(code), [rule], code)

    def test_a_banned_name_in_a_comment_or_a_text_is_no_call(self):
        self.assertEqual(self.banned_in('// std::random_device is banned\nauto s = "asio::detached";\n'), [])

    def test_places_of_their_own_may_use_the_real_thing(self):
        self.assertEqual(self.banned_in("std::chrono::steady_clock::now();", "src/base/clock.cpp"), [])
        self.assertEqual(self.banned_in("std::fprintf(stderr, x); snprintf(b, n, f);"), [])

    # ---- coroutines
    def coroutine(self, body):
        return self.rules(coroutines.check(self.tree(**{"src/auth/x.cpp": f"Task<int> f() {{ {body} }}\n"})))

    def test_braces_inside_an_await_are_found(self):
        self.assertEqual(self.coroutine("co_return co_await g({.a = 1});"), ["brace_in_await"])
        self.assertEqual(self.coroutine("auto r = co_await db.read<int>(call, [&](auto& c) { return 1; });"), ["brace_in_await"])
        self.assertEqual(self.coroutine("while (co_await ready()) { work(); } if (auto r = co_await g(); !r) { fail(); }"), [])
        self.assertEqual(self.coroutine("co_await sleep_for(Milliseconds{5});"), [])

    def test_a_conditional_await_is_found(self):
        self.assertEqual(self.coroutine("auto x = ok ? co_await g() : 0;"), ["conditional_await"])
        self.assertEqual(self.coroutine("if (ok && co_await g()) return;"), ["conditional_await"])
        self.assertEqual(self.coroutine("if (co_await g() || other) return;"), ["conditional_await"])
        self.assertEqual(self.coroutine("auto x = co_await g(a && b); if (a && b) co_return co_await h();"), [])
        self.assertEqual(self.coroutine("std::string&& moved = co_await g();"), [])

    def test_a_capturing_lambda_coroutine_is_found(self):
        self.assertEqual(self.coroutine("auto l = [x]() -> Task<int> { co_return x; };"), ["capturing_coroutine"])
        self.assertEqual(self.coroutine("auto l = [](int x) -> Task<int> { co_return x; };"), [])
        self.assertEqual(self.coroutine("auto l = [x] { return x; }; co_return l();"), [])

    # ---- sizes
    def test_a_function_that_is_too_long_is_found_and_may_only_shrink(self):
        tree = self.tree(**{"src/a.cpp": "void big() {\n" + "  f();\n" * 50 + "}\n"})
        folder = tree.root / "house"
        folder.mkdir()
        self.assertEqual(self.rules(sizes.check(tree, folder)), ["size"])
        sizes.write_baseline(folder / "size_baseline.txt", {"src/a.cpp big": 52})
        self.assertEqual(sizes.check(tree, folder), [])
        sizes.write_baseline(folder / "size_baseline.txt", {"src/a.cpp big": 51})
        self.assertIn("may only shrink", str(sizes.check(tree, folder)[0]))
        sizes.write_baseline(folder / "size_baseline.txt", {"src/a.cpp big": 60})
        self.assertIn("--shrink", str(sizes.check(tree, folder)[0]))
        sizes.shrink(tree, folder)
        self.assertEqual(sizes.check(tree, folder), [])

    def test_a_file_that_is_too_long_is_found(self):
        tree = self.tree(**{"src/a.h": "int a();\n" * 301})
        self.assertEqual(self.rules(sizes.check(tree, tree.root)), ["size"])

    def test_functions_are_recognised(self):
        code = blank('A::A(int x) : x_(x), y_{1} {\n}\nint f() const noexcept {\n if (x) { }\n}\nauto g() -> Result<int> {\n}\n'
                     "struct S { int h() { return 1; } };\nauto s = \"{\"; // {\n")
        self.assertEqual([f.name for f in functions(code)], ["A::A", "f", "g", "h"])

    # ---- words
    def test_a_map_that_differs_from_the_tree_is_found(self):
        files = {"src/base/x.h": "", "src/http/y.h": "", "ARCHITECTURE.md": "<!-- map -->\n```\nsrc/ all\nsrc/base/ base\nsrc/gone/ no\n```\n"}
        texts = [str(f) for f in words.check(self.tree(**files))]
        self.assertTrue(any("src/gone/ is on the map" in t for t in texts), texts)
        self.assertTrue(any("src/http/ is in the tree" in t for t in texts), texts)

    def test_commands_links_and_places_in_documents_are_checked(self):
        files = {"README.md": "`./dev fly` and [x](docs/none.md) and `src/nowhere`\n", "dev": "  run) x ;;\n", "src/a.cpp": "// see /wor" "k/notes\n"}
        found = words.check(self.tree(**files))
        self.assertLessEqual({"commands", "links", "places"}, set(self.rules(found)))


if __name__ == "__main__":
    unittest.main()

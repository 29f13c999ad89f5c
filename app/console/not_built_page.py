"""What stands in the console's place while it is not built."""

NOT_BUILT_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Muster</title>
<h1>The console is not built</h1>
<p>Muster runs, and all that the console does can be done by its API, which is described
<a href="/api/docs">here</a>.
<p>To build the console, run this where Muster's source lies, and then load this page again:
<pre>make built</pre>
<p><code>make up</code> does so by itself. It takes packages of npm, and Node.js 20.19 or newer,
or brings one: where it has said that they could not be had, mend that and run it again.
</html>
"""

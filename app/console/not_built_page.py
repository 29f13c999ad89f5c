"""The page that is shown while the console isn't built."""

NOT_BUILT_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Muster</title>
<h1>The console isn't built</h1>
<p>Muster is running. Its <a href="/api/docs">API</a> can do everything the console can.
<p>To build the console, run this in Muster's source directory, then reload this page:
<pre>make built</pre>
<p><code>make up</code> does this automatically. The build needs npm packages and Node.js 20.19
or newer, which <code>make up</code> installs if missing. If it reported that the build failed,
fix the problem and run it again.
</html>
"""

"""The console: pages for the people who run a deployment.

To add a page, three things:

1. A module here with ROUTES, made by `layout.pages.page` (GET) and `change` (POST) only, and its
   name in `console_routes` of `shared/edge/table.py`. A page's function takes a `ConsoleRequest`
   and returns `console.page("template.html", title=..., nav="key", **context)`; a change's returns
   `console.go("/console/...", done="code")`. Admission has then checked the session, for a change
   also the Origin, the CSRF token and that the person is an operator, and it turns our errors
   into pages. Use `console.use(<use case or port>)` directly (Terraform's rights are derived from
   those names), never an adapter; `console.query("name")` reads a query parameter, `console.field`
   and `console.fields` read the form.
2. A template in `shared/pages/console/templates` that extends `layout.html` and fills `main`.
   What should stay current without a reload goes into `{% block live %}`, which is fetched again
   by itself while the page is visible, and changed in place: rows of a list need an `id`, and what
   a script fills by itself (a chart) says `data-own`. Forms that a person types in stay outside.
   Every form that changes something begins with `{{ ui.csrf(session) }}` and is shown only
   `{% if session.operator %}`. Nothing inline: no style attributes, no script; macros for pills,
   times, buttons and empty states are in `ui.html`.
3. A row in `layout.navigation.NAV`, if it is to be in the menu.

A code given as `done` is looked up in the `notices` the page passes to `console.page`.
"""

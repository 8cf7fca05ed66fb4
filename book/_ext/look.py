"""Sphinx extension: references by the paper's numbers, tables that scroll in place, pictures for narrow screens."""

import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import desc_content, pending_xref
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxTranslator

from naswotbook.crate import write_crate
from naswotbook.numbers import called

ROWS = 12  # a longer table scrolls in its own box
IMAGE = re.compile(r'<img [^>]*src="_images/([^"]+)"[^>]*>')


EQUATIONS = {"eq-coin": "the formula for coin flips"}  # those that the paper does not have, as text refers to them


class NameReferences(SphinxPostTransform):
    """``{numref}`` gives the paper's number; of what is ours, the title of its page, or on that page *the figure*.

    Sphinx would count figures anew. Equations of ours have a name and no number, since 1 and 2 are the paper's.
    """

    default_priority = 5  # before references are resolved

    def run(self, **_: object) -> None:
        """Called by Sphinx for each page."""
        for block in self.document.findall(nodes.math_block):
            if block.get("label") in EQUATIONS:
                block["number"] = None
        labels, equations = self.env.get_domain("std").labels, self.env.get_domain("math").equations
        for node in list(self.document.findall(pending_xref)):
            if node["reftype"] == "eq" and (label := node["reftarget"]) in EQUATIONS:
                address = self.app.builder.get_relative_uri(self.env.docname, equations[label][0])
                name = nodes.inline("", EQUATIONS[label])
                node.replace_self(nodes.reference("", "", name, internal=True, refuri=f"{address}#equation-{label}"))
        for node in self.document.findall(pending_xref):
            if node["reftype"] == "numref":
                page = labels.get(node["reftarget"], ("", "", ""))[0]
                own = "The figure" if self._begins(node) else "the figure"
                title = own if page in ("", self.env.docname) else self.env.titles[page].astext()
                name = called(node["reftarget"], title)
                node.attributes |= {"reftype": "ref", "refexplicit": True}
                node.children = [nodes.inline("", name, classes=["std", "std-ref"])]

    def _begins(self, node: nodes.Node) -> bool:
        """Whether a sentence begins with it."""
        before = node.parent.children[: node.parent.index(node)]
        return not before or before[-1].astext().rstrip().endswith((".", "?", ":"))


class TableBox(nodes.Element):
    """What a table stands in: it scrolls where the table is too wide, or, if ``tall``, longer than a screen."""


class BoxTables(SphinxPostTransform):
    """Every table stands in a box; one of more than :data:`ROWS` rows in a tall one."""

    default_priority = 20

    def run(self, **_: object) -> None:
        """Called by Sphinx for each page."""
        for table in list(self.document.findall(nodes.table)):
            rows = sum(isinstance(row.parent, nodes.tbody) for row in table.findall(nodes.row))
            box = TableBox(tall=rows > ROWS)
            place = table.parent.index(table)
            table.parent[place] = box
            box += table


def open_box(translator: SphinxTranslator, box: TableBox) -> None:
    """The beginning of a box in HTML; a tall one can be reached and scrolled with the keyboard."""
    tall = ' tall" tabindex="0" role="region" aria-label="a table that scrolls' if box["tall"] else ""
    translator.body.append(f'<div class="table-box{tall}">')


def close_box(translator: SphinxTranslator, box: TableBox) -> None:
    """Its end."""
    translator.body.append("</div>\n")


class Fold(nodes.Element):
    """What stands behind a line that opens it."""


class FoldReference(SphinxPostTransform):
    """In the reference a function shows its signature; what it does, and its arguments, are folded."""

    default_priority = 20

    def run(self, **_: object) -> None:
        """Called by Sphinx for each page."""
        for content in list(self.document.findall(desc_content)):
            outer = content.parent.parent
            if len(content) and not isinstance(outer, desc_content):
                fold = Fold()
                fold += content.children
                content.children = [fold]
                fold.parent = content


def open_fold(translator: SphinxTranslator, _: Fold) -> None:
    """The beginning of a fold in HTML."""
    translator.body.append("<details><summary>What it does, and its arguments</summary>")


def close_fold(translator: SphinxTranslator, _: Fold) -> None:
    """Its end."""
    translator.body.append("</details>\n")


def add_crate(app: Sphinx, error: Exception | None) -> None:
    """Add ro-crate-metadata.json to the finished site."""
    if error is None and app.builder.format == "html":
        write_crate(Path(app.outdir))


def add_narrow(app: Sphinx, error: Exception | None) -> None:
    """Where a picture ``NAME.png`` has a twin ``NAME-narrow.png``, narrow screens show that one."""
    if error is not None or app.builder.format != "html":
        return
    twins = {}
    for source, (_, name) in app.env.images.items():
        path = Path(app.srcdir) / source
        narrow = path.with_name(f"{path.stem}-narrow{path.suffix}")
        if narrow.exists():
            twins[name] = f"{Path(name).stem}-narrow{path.suffix}"
            shutil.copyfile(narrow, Path(app.outdir) / "_images" / twins[name])

    def both(image: re.Match[str]) -> str:
        if image[1] not in twins:
            return image[0]
        source = f'<source media="(max-width: 600px)" srcset="_images/{twins[image[1]]}">'
        return f"<picture>{source}{image[0]}</picture>"

    for page in Path(app.outdir).glob("*.html"):
        text = page.read_text(encoding="utf-8")
        if (changed := IMAGE.sub(both, text)) != text and "<picture>" not in text:
            page.write_text(changed, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_node(TableBox, html=(open_box, close_box))
    app.add_node(Fold, html=(open_fold, close_fold))
    app.add_post_transform(FoldReference)
    app.add_post_transform(NameReferences)
    app.add_post_transform(BoxTables)
    app.connect("build-finished", add_crate)
    app.connect("build-finished", add_narrow)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

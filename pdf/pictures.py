"""Draws pictures that are made of lines as pictures that are made of dots."""

import typst

from pdf.typefaces import fonts_in

PAGE = """#set page(width: auto, height: auto, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg", height: 72pt)"""


def png_of_svg(svg: bytes, *, height: int) -> bytes:
    """Return the picture as a PNG that is `height` pixels high. Raises TypstError for what is not an SVG, ValueError for what is not UTF-8."""
    png = typst.compile(PAGE.encode(), format="png", ppi=float(height), font_paths=fonts_in(()), sys_inputs={"svg": svg.decode()})
    assert isinstance(png, bytes)
    return png

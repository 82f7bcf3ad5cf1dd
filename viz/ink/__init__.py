"""What all pictures share: words and their widths, colours, SVG, pages, formats, files, and the program `dot`."""

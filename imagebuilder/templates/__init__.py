"""Templates of papers for a home business, in Arabic and English, made from these sources.

The build writes them as Flat ODF and lets the image's own LibreOffice turn them into templates.
They compute; none has a tax line, for they are meant for sellers below VAT registration.
"""

"""The rule for embedded files of PDFs: data and documents are allowed; programs, and files whose content cannot be read, are not.

Both name and content are checked, because readers save the content under the name.
"""

import zipfile
from io import BytesIO

from billing.files.file_types import clean_name

# Files that Windows, macOS, Linux and Java run when they are opened, scripts, disk images, and Office documents of macro types.
_PROGRAM_NAMES = """
exe com scr pif cpl msi msp mst dll sys drv ocx bat cmd ps1 psm1 vbs vbe vb js jse mjs ws wsf wsh hta lnk url scf inf reg jar class
app command dmg pkg sh bash csh zsh run elf deb rpm appimage apk ipa py pyc pl rb swf gadget msc application appref-ms settingcontent-ms
docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm sldm xll iso img vhd vhdx ace
"""
PROGRAM_NAMES = frozenset(_PROGRAM_NAMES.split())
MACROS = "vbaproject.bin"
MACH_O = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
PROGRAMS = (b"\x7fELF", b"#!", b"L\0\0\0\x01\x14\x02\0", b"!<arch>\n", b"\xed\xab\xee\xdb", *MACH_O)
# Archives that none of our libraries can read.
SEALED = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"MSCF", b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh", b"\x28\xb5\x2f\xfd")
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OFFICE_MACROS = "_VBA_PROJECT".encode("utf-16-le")
ENCRYPTED_ENTRY = 1


def is_program_name(name: str) -> bool:
    return name.rstrip(" .").rpartition(".")[2].lower() in PROGRAM_NAMES


def begins_otherwise(head: bytes) -> bool:
    """Return whether a file begins as a program or an archive, by its first 64 bytes. PDF readers skip bytes before the header."""
    return _is_program(head) or head.startswith((*ZIP, *SEALED, OFFICE))


def objection(names: list[str], content: bytes) -> str | None:
    """Return the objection to a file that is embedded under these names as text, or None."""
    named = f" ({clean_name(names[0])[:60]})" if names else ""
    if any(is_program_name(name) for name in names) or _is_program(content):
        return f"an embedded program{named}"
    if content.startswith(SEALED):
        return f"an embedded archive that cannot be looked into{named}"
    if content.startswith(OFFICE) and OFFICE_MACROS in content:
        return f"an embedded document with macros{named}"
    if content.startswith(ZIP):
        return _objection_to_zip(content, named)
    return None


def _is_program(content: bytes) -> bool:
    """Return whether the content is a program. A text may begin with the letters MZ too; in Windows' programs binary numbers follow."""
    return content.startswith(PROGRAMS) or (content.startswith(b"MZ") and b"\0" in content[:64])


def _objection_to_zip(content: bytes, named: str) -> str | None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError):
        return f"an embedded archive that cannot be looked into{named}"
    if any(entry.flag_bits & ENCRYPTED_ENTRY for entry in entries):
        return f"an embedded archive that cannot be looked into{named}"
    if any(entry.filename.lower().endswith(MACROS) for entry in entries):
        return f"an embedded document with macros{named}"
    if any(is_program_name(entry.filename) for entry in entries):
        return f"an embedded archive with a program{named}"
    return None

"""Every text of the tasks' windows, key to English (`familypc.texts`): a row for each.

Names of the tasks themselves stand in `table`, for the menu has them too.
"""

from __future__ import annotations

from familypc.texts import Counted, Texts

TEXTS = Texts(
    "tasks",
    {
        "board": "What would you like to do?",
        "opening": "Opening…",
        "again": "Look again",
        "looking": "One moment please…",
        "failed": "That did not work ({what}).",
        "documents": "Documents",
        "pictures": "Pictures",
        "desktop": "Desktop",
        "downloads": "Downloads",
        "music": "Music",
        "videos": "Videos",
        "others": "Other files",
        # pictures
        "photo": "Make a picture ready",
        "photo-why": "Choose a picture and improve it, then press “Save a copy”. The picture itself stays as it is.",
        "photo-none": "There are no pictures yet. Connect your phone by cable and copy some to “Pictures”, or press “Another picture”.",
        "photo-latest": "Latest pictures",
        "photo-turn": "Turn",
        "photo-square": "Square",
        "photo-lighter": "Lighter",
        "photo-darker": "Darker",
        "photo-other": "Another picture…",
        "photo-save": "Save a copy",
        "photo-saved": "“{name}” was saved in {folder}, small enough to be sent.",
        # backup
        "backup": "Backup to a USB stick",
        "backup-why": "Your files are copied to the stick, so that you keep them if the PC breaks. No file is deleted; a newer copy takes the older one's place.",
        "backup-none": "Plug a USB stick into the PC, then press “Look again”.",
        "backup-stick": "Stick",
        "backup-free": "{name} ({free} free)",
        "backup-what": "Copied of your files: {folders}",
        "backup-all-there": Counted(
            "Your one file is on this stick.",
            "All your {files} files are on this stick.",
            by="files",
        ),
        "backup-same": Counted(
            "One file of yours is on this stick.",
            "{files} files of yours are on this stick.",
            by="files",
        ),
        "backup-empty": "There are no files to copy yet.",
        "backup-to-do": Counted(
            "One file is to be copied: {size}.",
            "{files} files are to be copied, in all {size}.",
            by="files",
        ),
        "backup-full": Counted(
            "There is no room on the stick for one file: {names}. Take a larger stick for it.",
            "There is no room on the stick for {count} files: {names}. Take a larger stick for them.",
            by="count",
        ),
        "backup-too-large": "Too large for this stick (4 GB) and not copied: {names}",
        "backup-unread": Counted(
            "One item could not be read from the PC: {names}. Restart the PC and copy again. If it says so again, ask for help: its disk may be failing.",
            "{count} items could not be read from the PC: {names}. Restart the PC and copy again. If it says so again, ask for help: its disk may be failing.",
            by="count",
        ),
        "backup-start": "Copy now",
        "backup-restore": "Bring my files back from the stick",
        "backup-eject": "Remove the stick safely",
        "backup-copying": "Copying file {files} of {all}…",
        "backup-done": Counted(
            "Done. One file was copied and read back to be sure; all your files are on the stick now. Remove the stick before unplugging it.",
            "Done. {files} files were copied and read back to be sure; all your files are on the stick now. Remove the stick before unplugging it.",
            by="files",
        ),
        "backup-part": Counted(
            "One file was copied and read back to be sure, but the backup is not complete:",
            "{files} files were copied and read back to be sure, but the backup is not complete:",
            by="files",
        ),
        "nothing-copied": "No file was copied:",
        "backup-failed": Counted(
            "One file could not be written to the stick: {names}. Try another stick.",
            "{count} files could not be written to the stick: {names}. Try another stick.",
            by="count",
        ),
        "backup-gone": "The stick was pulled out too early. Plug it in and try again; your files on the PC are safe.",
        "backup-out": "You can pull out the stick now. Keep it away from the PC.",
        "backup-busy": "The stick is in use. Close the files that are open from it, then try again.",
        "restore-none": "There is no backup of your files on this stick.",
        "restore-choose": "These backups are on the stick. Which one do you want back?",
        "restore-row": "{name} (newest file: {date})",
        "restore-bring": "Bring it back",
        "go-back": "Go back",
        "restore-same": Counted(
            "The one file on the stick is on the PC.",
            "All {files} files on the stick are on the PC.",
            by="files",
        ),
        "restore-full": Counted(
            "There is no room on the PC for one file: {names}. Empty the wastebasket, then try again.",
            "There is no room on the PC for {count} files: {names}. Empty the wastebasket, then try again.",
            by="count",
        ),
        "restore-unread": Counted(
            "One item could not be read from the stick: {names}. Plug the stick into another socket, then try again.",
            "{count} items could not be read from the stick: {names}. Plug the stick into another socket, then try again.",
            by="count",
        ),
        "restore-failed": Counted(
            "One file could not be written to the PC: {names}. Restart the PC, then try again.",
            "{count} files could not be written to the PC: {names}. Restart the PC, then try again.",
            by="count",
        ),
        "restore-done": Counted(
            "Done. One file is back in its place. A file that was changed on the PC stays as it is; the stick's copy is beside it, with “from the backup” in its name.",
            "Done. {files} files are back in their places. A file that was changed on the PC stays as it is; the stick's copy is beside it, with “from the backup” in its name.",
            by="files",
        ),
        "restore-part": Counted(
            "One file is back in its place, but some of what is on the stick is not:",
            "{files} files are back in their places, but some of what is on the stick is not:",
            by="files",
        ),
        # print
        "print": "Print",
        "print-why": "Choose the file, then press “Print now”.",
        "print-files": "Your latest files",
        "print-no-files": "There are no files to print yet. Choose one from elsewhere.",
        "print-other": "Another file…",
        "print-choose": "Choose",
        "print-cancel": "Cancel",
        "print-printable": "Files that can be printed",
        "print-printer": "Printer",
        "print-copies": "Copies",
        "print-now": "Print now",
        "print-add": "Add a printer…",
        "print-none": "No printer was found. Switch the printer on, connect it by cable or to the same home network, wait a minute, then press “Look again”. Still not there? Press “Add a printer”.",
        "print-sending": "Preparing “{name}”…",
        "print-sent": "“{name}” was sent to the printer. The sheet will come out soon.",
        "print-waits": "“{name}” waits for the printer. See that it is on and has paper.",
        # scan
        "scan": "Scan a sheet",
        "scan-why": "Put the sheet face down on the glass, then press “Scan”.",
        "scan-looking": "Looking for scanners…",
        "scan-none": "No scanner was found. Switch it on, connect it by cable or to the same home network, then press “Look again”.",
        "scan-scanner": "Scanner",
        "scan-kind": "Keep it as",
        "pdf": "PDF",
        "picture": "Picture",
        "text": "Text to edit",
        "scan-page": "Scan",
        "scan-another": "Scan another sheet",
        "scan-scanning": "Scanning, do not move the sheet…",
        "scan-pages": Counted(
            "One sheet so far",
            "{pages} sheets so far",
            by="pages",
        ),
        "scan-save": "Save",
        "scan-unsaved": Counted(
            "The sheet that you scanned is not saved. What do you want to do?",
            "The {pages} sheets that you scanned are not saved. What do you want to do?",
            by="pages",
        ),
        "scan-throw-away": "Throw away",
        "scan-saving": "Saving; reading the text may take a minute…",
        "scan-saved": "“{name}” was saved in {folder}.",
        "scan-open": "Open the file",
        "scan-failed": "The sheet was not scanned ({what}). See that the scanner is on and its lid closed, then try again.",
        "scan-folder": "Scanned sheets",
        # sizes, and what stands between the names of a list
        "bytes": "bytes",
        "kB": "kB",
        "MB": "MB",
        "GB": "GB",
        "TB": "TB",
        "comma": ", ",
    },
)

say, texts, all_keys = TEXTS.say, TEXTS.both, TEXTS.keys

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def size_text(size_bytes: int, language: str) -> str:
    """A size as people read it, in steps of a thousand, kept together inside any line."""
    value, step = float(size_bytes), 0
    while value >= 999.5 and step < 4:
        value, step = value / 1000, step + 1
    number = f"{value:.1f}" if step > 1 and value < 10 else f"{value:.0f}"
    return f"\u2068{number}\u00a0{say(language, _UNITS[step])}\u2069"


def isolated(name: str) -> str:
    """A name of a file or a device keeps its own direction inside a line."""
    return f"\u2068{name}\u2069"


def listed(names: tuple[str, ...], language: str, most: int = 4) -> str:
    """Some names for a line, and dots for those beyond `most`."""
    return say(language, "comma").join(map(isolated, names[:most])) + (
        "…" if len(names) > most else ""
    )

"""Every stable code with its words: what happened, what it means for the data, what to do.

The only place where reasons, refusals and errors get their English text; the Arabic one is
in the catalogue. A test walks the program's sources and fails for a code without words.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.i18n import N_


@dataclass(frozen=True, slots=True)
class Text:
    """A short text and an optional advice, both with `{fact}` fields."""

    short: str
    advice: str = ""


_RESTART = N_("Put it right on the stick and start again. Nothing was touched.")
_FAILED_DRIVE = N_("Its data is not proven gone. Take the drive out and have it destroyed.")
_UNKNOWN_DRIVE = N_("Its data must be taken as still there. Start the stick again and erase it.")
_NOT_TOUCHED = N_("Nothing was touched.")
_DOWNLOAD = N_("Do not rely on it; ask the organisation for the statement itself.")

# fmt: off
TEXTS: dict[str, Text] = {
    # the engine and its faces
    "engine-gone": Text(N_("The engine does not answer ({problem})"), N_("It restarts by itself; an erase that runs goes on meanwhile.")),
    "call-unreadable": Text(N_("The engine could not read the request ({problem})")),
    "still-searching": Text(N_("The drives are still being searched for"), N_("Wait until the list is complete.")),
    "job-runs": Text(N_("A job is running already"), N_("Wait until it has ended.")),
    "drives-are-there": Text(N_("This machine has drives, or a controller that hides them"), N_("Only a machine without any drive can be attested as empty.")),
    # settings
    "config-unreadable": Text(N_("{file} cannot be read ({problem})"), _RESTART),
    "config-not-utf8": Text(N_("{file}, line {line}: not UTF-8 text"), _RESTART),
    "config-not-yaml": Text(N_("{file}, line {line}: not YAML ({problem})"), _RESTART),
    "config-twice": Text(N_("{file}, line {line}: {key} stands there twice"), _RESTART),
    "config-unknown-key": Text(N_("{file}, line {line}: {key} is not a setting"), _RESTART),
    "config-misspelt-key": Text(N_("{file}, line {line}: {key} is not a setting"), N_("Did you mean {nearest}? Nothing was touched.")),
    "config-wrong-value": Text(N_("{file}, line {line}: {key} cannot be “{found}”"), N_("Allowed: {expected}. Nothing was touched.")),
    "config-scheme-unknown": Text(N_("{file}: there is no overwrite scheme {scheme}"), N_("Known: {known}. Nothing was touched.")),
    "config-scheme-bad": Text(N_("{file}: the overwrite scheme {scheme} cannot be used ({problem})"), N_("Its name must be a new one, and a complement must follow a constant pass. Nothing was touched.")),
    "config-preset-conflict": Text(N_("{file}: {key} contradicts the preset {preset}"), N_("The preset fixes it to {fixed}; leave it out. Nothing was touched.")),
    "wifi-password": Text(N_("{file} holds no password for the Wi-Fi network {ssid} (8 to 63 characters)"), _RESTART),
    # consent and tickets
    "consent-other-plan": Text(N_("The plan has changed since it was shown"), N_("Look at it again, then consent.")),
    "consent-no-name": Text(N_("The technician's name is missing")),
    "consent-wrong-serial": Text(N_("The four characters do not fit {drive}"), N_("Type the last four characters of its serial number.")),
    "consent-other-drives": Text(N_("Consent is needed for {wanted} drives, {found} were named")),
    "nothing-to-erase": Text(N_("There is no drive that may be erased"), _NOT_TOUCHED),
    "batch-not-enabled": Text(N_("Unattended work is not switched on in station.yaml"), _NOT_TOUCHED),
    "ticket-missing": Text(N_("The batch ticket {file} is not on the stick"), _NOT_TOUCHED),
    "ticket-no-station": Text(N_("Without a station key no batch ticket counts"), _NOT_TOUCHED),
    "ticket-wrong-type": Text(N_("This is a {type} statement, not a batch ticket"), _NOT_TOUCHED),
    "ticket-unreadable": Text(N_("The batch ticket cannot be read ({problem})"), _NOT_TOUCHED),
    "ticket-foreign": Text(N_("The batch ticket was signed by {issuer}, not by our office"), _NOT_TOUCHED),
    "ticket-expired": Text(N_("The batch ticket expired at {expires_at}"), N_("Ask the office for a new one. Nothing was touched.")),
    "ticket-from-the-future": Text(N_("The batch ticket was issued at {issued_at}, this machine's clock says {now}"), N_("Set the clock in the firmware. Nothing was touched.")),
    "ticket-used-up": Text(N_("The batch ticket was good for {count} machines, and all are done"), _NOT_TOUCHED),
    "ticket-other-machine": Text(N_("The batch ticket is not for a {maker} {model}"), _NOT_TOUCHED),
    "ticket-no-drives": Text(N_("The batch ticket fits no drive of this machine"), _NOT_TOUCHED),
    "ticket-other-bus": Text(N_("The batch ticket does not allow {bus} drives ({model} {serial})"), _NOT_TOUCHED),
    "ticket-other-size": Text(N_("The batch ticket does not allow a drive of {bytes} bytes ({model} {serial})"), _NOT_TOUCHED),
    "ticket-other-serial": Text(N_("The batch ticket does not allow {model} {serial}"), _NOT_TOUCHED),
    "ticket-count-unreadable": Text(N_("How often the ticket was used cannot be read ({file})"), _NOT_TOUCHED),
    # the stick
    "state-not-writable": Text(N_("The stick's state partition cannot be used ({problem})"), N_("Results are unsigned records, not certificates. Use another stick.")),
    "no-station-key": Text(N_("There is no usable station key ({problem})"), N_("Results are unsigned records, not certificates. Use another stick.")),
    "stick-unknown": Text(N_("It is not known which disk we were started from"), N_("Only the stick itself may erase; start from it.")),
    "log-broken": Text(N_("The event log {file} is damaged in line {line}"), N_("Nothing that it says can be certified.")),
    "key-unreadable": Text(N_("The key {file} cannot be used ({problem})")),
    "chain-broken": Text(N_("The station's chain of statements is damaged ({problem})"), N_("Results are unsigned records, not certificates. Use another stick.")),
    # drives that are left alone
    "is-the-stick": Text(N_("This is the stick that we were started from")),
    "bus-not-allowed": Text(N_("The policy does not allow {bus} drives"), N_("Allowed: {allowed}.")),
    "drive-silent": Text(N_("{path} does not answer ({problem})")),
    "drive-does-not-answer": Text(N_("The drive does not answer"), N_("Check its cable. If it stays silent, take it out and have it destroyed.")),
    "no-medium": Text(N_("There is no medium, or the drive reports a size of zero"), N_("A drive formatted with 520-byte sectors looks like this: have it reformatted.")),
    "no-serial": Text(N_("The drive reports no serial number"), N_("Connect it to a SATA or NVMe port directly, not through an adapter.")),
    "identity-not-unique": Text(N_("Two drives report the serial number {serial}"), N_("Connect one of them at a time.")),
    "block-size": Text(N_("Blocks of {bytes} bytes are not supported"), N_("Have it reformatted to 512-byte blocks (sg_format --format --size=512), then start again.")),
    "sanitize-runs": Text(N_("The drive is in the middle of a SANITIZE, which nothing can stop"), N_("Leave it under power until it has ended, then start again.")),
    "read-only-medium": Text(N_("The medium is write-protected"), N_("Look for a switch on the card.")),
    "namespaces-detached": Text(N_("{count} namespaces of the drive are not attached to this controller"), N_("Nothing is erased while a part of the drive cannot be checked. Have the drive reformatted, or destroyed.")),
    "namespace-unseen": Text(N_("The kernel shows no device for {count} namespaces of the controller"), N_("Nothing is erased while a part of the drive cannot be checked. Have the drive reformatted, or destroyed.")),
    "ata-locked": Text(N_("The drive is locked with an ATA password"), N_("Without the former owner's password it must be destroyed.")),
    "carries-the-system": Text(N_("{path} carries the running system ({mountpoint})")),
    "no-method": Text(N_("No method reaches the level that the policy asks for ({level})"), N_("The drive must be destroyed, or the policy must allow {fallback}.")),
    "holder-not-ours": Text(N_("{holder} ({kind}) uses {drive}"), N_("Start from the stick, which uses no drive of the machine.")),
    "holder-stays": Text(N_("{holder} still uses {drive} ({problem})"), N_("Nothing was erased on it. Start from the stick again.")),
    # what is done to a drive first
    "remove-hpa": Text(N_("First the hidden area (HPA) of {blocks} blocks is removed, so that it is erased, too")),
    "remove-ama": Text(N_("First the limit (AMA) that hides {blocks} blocks is removed, so that they are erased, too")),
    "restore-dco": Text(N_("First the factory’s capacity is restored (DCO), so that {blocks} hidden blocks are erased, too")),
    # methods that are out
    "method-not-for-medium": Text(N_("does not fit this kind of medium ({medium})")),
    "method-not-built": Text(N_("is not part of this version yet")),
    "drive-lacks": Text(N_("the drive does not offer it ({feature})")),
    "several-namespaces": Text(N_("the controller cannot format its {count} namespaces in one command")),
    "makers-word-alone": Text(N_("nothing but the maker’s word shows what it does; the policy does not accept that alone")),
    "level-too-low": Text(N_("reaches {level} only, {asked} is asked for")),
    # what is done to a drive before any method
    "wait-for-sanitize": Text(N_("A sanitize operation of an earlier run still works on the drive"), N_("First its end is waited for; then the drive is erased.")),
    "leave-failed-sanitize": Text(N_("A sanitize operation of an earlier run has failed, and the drive gives no access until that is cleared"), N_("First it is cleared; then the drive is erased.")),
    # notes
    "erases-namespaces": Text(N_("All {count} namespaces of the controller are erased: {namespaces}")),
    "scheme": Text(N_("Overwrite scheme {scheme}: {passes}; read back: {verify}")),
    "purge-or-destruction": Text(N_("Only Purge counts here ({preset}): a drive that does not reach it must be destroyed")),
    "destroy-the-drive": Text(N_("Purge was not reached, and {preset} accepts nothing less"), N_("The drive must be destroyed, and its destruction attested.")),
    "spare-cells-not-reached": Text(N_("Spare and remapped flash cells are not reached by an overwrite")),
    "reallocated-not-reached": Text(N_("Reallocated sectors are not reached by an overwrite (the drive reports {count})")),
    "serial-from-bridge": Text(N_("The serial number comes from the USB adapter, not from the drive")),
    "bridge-eats-commands": Text(N_("The USB adapter ({bridge}) drops commands for the drive and reports them as done"), N_("Connect the drive to a SATA or NVMe port directly for more than Clear.")),
    "smart-failing": Text(N_("The drive reports that it is failing (SMART)"), N_("Erase it, but do not give it away.")),
    "ata-frozen": Text(N_("The firmware froze the drive's security commands")),
    "hidden-area-not-excluded": Text(N_("A hidden area ({kind}) could not be excluded")),
    "controller-without-drives": Text(N_("The storage controller {name} at {address} shows no drive"), N_("Set it from RAID/RST/VMD to AHCI in the firmware setup and start again; until then the machine is not certified.")),
    "erase-boot-areas": Text(N_("The two boot partitions of {bytes} bytes are overwritten and read back first")),
    # what went wrong with a drive
    "drive-cannot-open": Text(N_("{drive} cannot be opened for erasure ({problem})"), _NOT_TOUCHED),
    "drive-gone": Text(N_("{drive} does not answer any more ({problem})"), _FAILED_DRIVE),
    "identity-changed": Text(N_("Where {drive} was, another drive answers: {found}"), N_("Nothing more was written. Start again with both drives in place.")),
    "size-changed": Text(N_("{drive} had {planned} bytes and now reports {found}"), _FAILED_DRIVE),
    "overwrite-device-gone": Text(N_("The drive vanished during the overwrite, at byte {resume_at}"), _FAILED_DRIVE),
    "overwrite-refuses-writes": Text(N_("The drive takes no writes any more, at byte {resume_at}"), _FAILED_DRIVE),
    "overwrite-gave-up": Text(N_("The drive’s errors cost too much time; given up at byte {resume_at}"), _FAILED_DRIVE),
    "overwrite-cancelled": Text(N_("The overwrite was stopped at byte {resume_at}"), _UNKNOWN_DRIVE),
    "overwrite-incomplete": Text(N_("Only {written_bytes} of {planned_bytes} bytes were overwritten"), _FAILED_DRIVE),
    "write-errors": Text(N_("{blocks} blocks could not be overwritten ({missed_bytes} bytes in {ranges} ranges, the first at byte {first_offset})"), _FAILED_DRIVE),
    "flush-failed": Text(N_("The drive could not store what it had taken ({error})"), _FAILED_DRIVE),
    "readback-mismatch": Text(N_("{bytes} bytes in {ranges} ranges hold something else than was written, the first at byte {first_offset}"), _FAILED_DRIVE),
    "readback-unreadable": Text(N_("{bytes} bytes in {ranges} ranges could not be read back, the first at byte {first_offset}"), _FAILED_DRIVE),
    "readback-incomplete": Text(N_("Only {read} of {planned} bytes could be read back"), _FAILED_DRIVE),
    "canaries-impossible": Text(N_("Test marks could not be written in {places} places"), N_("The firmware's own erase could not be proven, so it was not used.")),
    "canaries-survived": Text(N_("The drive said “done”, but {places} test marks are still there, the first at byte {first_offset}"), _FAILED_DRIVE),
    "old-samples-survived": Text(N_("The drive said “done”, but old data is still there in {places} places, the first at byte {first_offset}"), _FAILED_DRIVE),
    "sanitize-without-end": Text(N_("A sanitize operation works on {drive} and does not come to an end ({problem})"), _UNKNOWN_DRIVE),
    "sanitize-stays-failed": Text(N_("The drive stays in the failure mode of an earlier sanitize and takes no other command"), _FAILED_DRIVE),
    "order-refused": Text(N_("The drive refused {command} ({problem})")),
    "order-failed": Text(N_("{command} ended in a failure that the drive reports itself ({problem})"), _FAILED_DRIVE),
    "order-idle": Text(N_("The drive took {command} and then knew of no such command"), _FAILED_DRIVE),
    "order-not-seen": Text(N_("{command} was never seen running, though the drive reports a success"), _FAILED_DRIVE),
    "order-without-end": Text(N_("{command} did not come to an end ({problem}); it may still run"), _UNKNOWN_DRIVE),
    "implausibly-quick": Text(N_("{command} cannot have written the whole drive in {elapsed_s} s; {least_s} s is the least"), _FAILED_DRIVE),
    "hidden-area-left": Text(N_("What lies in the hidden area ({kind}) was not erased ({detail})"), N_("Some drives allow it once after each start: switch the machine off, wait ten seconds, start and erase again. If it stays, have the drive destroyed.")),
    "command-refused": Text(N_("The drive refused {command} (status {status}): {problem}")),
    "evidence-missing": Text(N_("What was measured does not prove {method}"), _FAILED_DRIVE),
    "nothing-attempted": Text(N_("No method was tried on the drive"), N_("Start the stick again and erase it.")),
    "interrupted": Text(N_("The power was cut, or the worker ended, in the middle of {method}"), _UNKNOWN_DRIVE),
    "worker-died": Text(N_("The worker ended before the drive was decided"), _UNKNOWN_DRIVE),
    # programs
    "tool-missing": Text(N_("The program {tool} is not on the stick"), N_("Build the stick again.")),
    "tool-timeout": Text(N_("“{tool}” did not end within {seconds} s; it may still run"), _UNKNOWN_DRIVE),
    "tool-failed": Text(N_("“{tool}” ended with status {status}: {problem}")),
    # delivery
    "courier-file": Text(N_("The courier cannot use its files ({problem})"), N_("Statements stay in the outbox.")),
    "outbox-no-such-statement": Text(N_("There is no refused statement {id}")),
    "server-unreachable": Text(N_("{server} cannot be reached ({problem})"), N_("Statements wait in the outbox and are sent later.")),
    "server-untrusted": Text(N_("{server} is not our server ({problem})"), N_("Nothing was sent. Check the address and the pinned certificate.")),
    "server-busy": Text(N_("{server} cannot take statements now ({status})"), N_("Statements wait in the outbox and are sent later.")),
    "server-strange": Text(N_("What answers is not our server ({status})"), N_("Check the address; a sign-in page of the network may be in the way.")),
    "server-url-bad": Text(N_("{url} is no https address"), _RESTART),
    "server-without-ca": Text(N_("No certificate is pinned for {url}"), N_("Write the stick again with the server's CA certificate.")),
    "server-ca-unreadable": Text(N_("The pinned certificate {file} for {url} cannot be read"), N_("Write the stick again with the server's CA certificate.")),
    # the central server
    "central-no-data": Text(N_("{directory} holds no central server's data ({problem})"), N_("Start the server there once, or name its folder with --data.")),
    "central-no-such-station": Text(N_("{count} stations are called {station}…, one is needed")),
    "enroll-bad-machine": Text(N_("“{pattern}” is no machine pattern"), N_("Write MAKER/MODEL, with * for anything.")),
    "enroll-bad-number": Text(N_("{name} cannot be {value}")),
    "listen-bad": Text(N_("“{listen}” is no address to listen on"), N_("Write HOST:PORT.")),
    # reading a drive again
    "recheck-cipher-unknown": Text(N_("The statement names an unknown stream cipher ({cipher})")),
    "recheck-no-stream": Text(N_("The statement's method ({method}) left no stream to read again")),
    "recheck-size": Text(N_("The statement is about {stated} bytes, the device has {found}")),
    "recheck-other-drive": Text(N_("The statement in {file} is about another drive")),
    # images
    "image-none-on-stick": Text(N_("There is no image on the stick")),
    "image-not-on-stick": Text(N_("The image {image} is not on the stick")),
    "image-not-allowed": Text(N_("The settings do not allow the image {image}")),
    "image-needs-memory": Text(N_("{image} needs {needs_mib} MiB of memory, the machine has {has_mib}"), N_("Add memory, or choose a lighter image.")),
    "image-needs-disk": Text(N_("{image} needs {needs_bytes} bytes, {drive} has {has_bytes}")),
    "image-sector-size": Text(N_("The image is not for drives with {has}-byte blocks ({drive})")),
    "image-removable-drive": Text(N_("No image goes onto a removable drive ({drive})")),
    "image-key-unknown": Text(N_("{file} is signed with a key that this stick does not know ({key}…)"), N_("The image is not used. Write it to the stick again.")),
    "image-signature-bad": Text(N_("The signature of {file} does not fit"), N_("The image is not used. Write it to the stick again.")),
    "image-manifest-unreadable": Text(N_("{file} cannot be read ({problem})"), N_("The image is not used. Write it to the stick again.")),
    "image-manifest-inconsistent": Text(N_("{file} contradicts itself ({problem})"), N_("The image is not used. Write it to the stick again.")),
    "image-changed": Text(N_("The image {image} is not the one that was planned with ({file})"), N_("Nothing was laid down; the erasure's statement stays valid.")),
    "image-truncated": Text(N_("The image {image} is cut short at frame {frame}"), N_("Write it to the stick again; the erasure's statement stays valid.")),
    "image-unreadable": Text(N_("The image {image} cannot be read at frame {frame} ({problem})"), N_("Write it to the stick again; the erasure's statement stays valid.")),
    "image-frame-bad": Text(N_("Frame {frame} of the image {image} is not what was signed ({problem})"), N_("Write it to the stick again; the erasure's statement stays valid.")),
    "image-too-large": Text(N_("The image {image} needs {needs} bytes, the drive has {has}")),
    "image-write-failed": Text(N_("The drive did not take the image at byte {offset} ({problem})"), N_("It will not start. The erasure's statement stays valid.")),
    "image-read-back-failed": Text(N_("The image does not read back at byte {offset} ({problem})"), N_("It will not start. The erasure's statement stays valid.")),
    "image-finish-failed": Text(N_("Laying down stopped at “{step}” ({problem})"), N_("It will not start. The erasure's statement stays valid.")),
    "image-stopped": Text(N_("Laying down was stopped at frame {frame}"), N_("Start again to go on.")),
    "image-old": Text(N_("The image {image} is {days} days old"), N_("Build a new one soon.")),
    "image-unsupported": Text(N_("The image {image} has had no updates since {until}"), N_("Build a new one.")),
    # statements
    "statement-type-unknown": Text(N_("A statement of the unknown type {type}"), _DOWNLOAD),
    "statement-wrong-type": Text(N_("This is a {type} statement, another kind is needed"), _DOWNLOAD),
    "statement-bad-form": Text(N_("The statement's form is wrong at {path} ({problem})"), _DOWNLOAD),
    "statement-bad-json": Text(N_("The statement is not sound JSON ({problem})"), _DOWNLOAD),
    "jws-too-large": Text(N_("This is too large for a statement"), _DOWNLOAD),
    "jws-not-compact": Text(N_("This is no statement (not a compact JWS)"), _DOWNLOAD),
    "jws-not-base64url": Text(N_("This is no statement, or it was altered (base64url)"), _DOWNLOAD),
    "jws-bad-header": Text(N_("The statement's header is not one of ours ({problem})"), _DOWNLOAD),
    "jws-bad-certificate": Text(N_("The statement's certificate cannot be read ({problem})"), _DOWNLOAD),
    "jws-wrong-key": Text(N_("The statement's key is not of the allowed kind"), _DOWNLOAD),
    "jws-bad-signature": Text(N_("The signature does not fit: the statement was altered"), _DOWNLOAD),
    "certificate-unreadable": Text(N_("{file} holds no certificate ({problem})")),
    "certificate-wrong-role": Text(N_("Its certificate may not sign a {type} statement"), _DOWNLOAD),
    "certificate-wrong-station": Text(N_("The statement names {station}, its certificate {signer}"), _DOWNLOAD),
    "certificate-impostor": Text(N_("Its issuer only borrows the name of ours: {issuer}"), _DOWNLOAD),
    "certificate-not-ours": Text(N_("The certificate from the server is not for us: {problem}")),
    "receipt-for-another": Text(N_("The receipt belongs to another statement ({statement})")),
    "receipt-untrusted": Text(N_("The receipt's server is not trusted ({standing})")),
    "request-bad": Text(N_("The certificate request cannot be used: {problem}")),
    "file-unreadable": Text(N_("{file} cannot be read ({problem})")),
    "file-too-large": Text(N_("{file} is too large")),
    "pdf-damaged": Text(N_("The PDF is damaged ({problem})"), _DOWNLOAD),
    "pdf-without-statement": Text(N_("The PDF carries no statement"), _DOWNLOAD),
    "pdf-several-statements": Text(N_("The PDF carries more than one statement"), _DOWNLOAD),
    "copy-unreadable": Text(N_("The reading copy cannot be read ({problem})"), _DOWNLOAD),
    "copy-without-statement": Text(N_("The reading copy carries no statement"), _DOWNLOAD),
}
# fmt: on

"""
What a secret looks like: the names it goes by, and the shapes of its text.

Both err towards the words of machine learning: ``token_count``, ``pad_token``,
``author`` and ``tokens_per_sec`` stay readable. Every quantifier of every pattern is
bounded, so the time spent on a text grows with its length and no faster.
"""

from __future__ import annotations

import re

REDACTED = "[redacted]"

SAFE, SECRET, SECRET_TEXT = 0, 1, 2  # the last: a number under that name is a count


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SUFFIXES = _names(
    "b64 base64 dev hash header new old plain prod raw staging test text value"
)
_SECRET_WORDS = _names(
    "authorization cookie cookies credential credentials jwt passcode passphrase "
    "passwords pwd secrets"
)
_SECRET_ENDINGS = (
    *("password", "passwd", "secret", "apikey", "accesskey", "secretkey"),
    *("privatekey", "authtoken", "accesstoken", "refreshtoken"),
)
_SECRET_BEFORE = {
    "key": _names(
        "access account api auth client encryption gpg hmac license master pgp "
        "private rsa secret service shared signing ssh storage webhook"
    ),
    "tokens": _names("access api auth bearer csrf refresh secret session"),
    "pass": _names(
        "admin db ftp imap ldap mail mysql pg proxy redis root smtp ssh user"
    ),
}
_SECRET_BEFORE["keys"] = _SECRET_BEFORE["key"]
_SECRET_BEFORE["id"] = frozenset({"key"})  # access_key_id; run_id has no key before it
_VOCABULARY = _names(  # what stands before "token" when it is a token of a text
    "audio bos cls end eos first fim image last mask max min next pad per prefix sep "
    "special start stop suffix unk unknown"
)

# (needles, pattern, replacement): the pattern can only match a text that holds one of
# the needles once it is in lower case; that search is all an innocent text costs.
SHAPES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("://",),
        r"(?<=://)[^\s/?#\"'<>]{1,512}@",
        REDACTED + "@",
    ),
    (
        ("authorization",),
        (
            r"(?i)(authorization\\{0,2}[\"']?\s{0,8}[=:]\s{0,8}\\{0,2}[\"']?)"
            r"(?:((?:bearer|basic|token|negotiate|apikey)\s{1,8})[^\s\"',;\\]{1,4096}"
            r"|(?:digest|aws4-hmac-sha256)\s[^\r\n]{1,4096}"
            r"|[^\s\"',;\\]{1,4096})"
        ),
        rf"\1\2{REDACTED}",
    ),
    (
        ("cookie",),
        (
            r"(?i)((?<![a-z])(?:set-)?cookie\\{0,2}[\"']?\s{0,8}[=:]\s{0,8}\\{0,2}[\"']?)"
            r"[^\r\n\"'\\]{1,4096}"
        ),
        rf"\1{REDACTED}",
    ),
    (
        ("pass", "pwd", "secret", "credential", "key", "token"),
        (
            r"(?i)((?:password|passwd|(?<![a-z])pwd(?![\"']?\s{0,8}[=:]\s{0,8}[\"']?/)"
            r"|passphrase|secret|credentials?"
            r"|(?:api|access|secret|private|account|encryption|signing|shared)[_-]?key"
            r"|(?:auth|access|refresh|session|bearer|api|hf|github)[_-]?token)"
            r"(?:[_-]hash)?\\{0,2}[\"']?\s{0,8}[=:](?!/)\s{0,8})"
            r"(?!\[redacted|[\"']?(?:none|null|true|false)\b)"
            r"(?:\\{0,2}\"[^\"\r\n]{1,4096}\"|\\{0,2}'[^'\r\n]{1,4096}'"
            r"|[^\s\"',;&)}\]]{1,4096})"
        ),
        rf"\1{REDACTED}",
    ),
    (
        ("export",),  # export TOKEN=..., as shells have it
        (
            r"(?i)((?<![a-z])export\s{1,8}(?!(?:pad|eos|bos|unk|mask|sep|cls)_)"
            r"(?:[a-z0-9]{1,24}_){0,6}(?:token|secret|passw(?:or)?d|passphrase|pass"
            r"|credentials?|(?<=_)key)=)"
            r"(?:\"[^\"\r\n]{1,4096}\"|'[^'\r\n]{1,4096}'|[^\s\"';]{1,4096})"
        ),
        rf"\1{REDACTED}",
    ),
    (
        ("token",),  # a bare token=... counts when it looks like one
        (
            r"(?i)((?<![a-z])token\\{0,2}[\"']?\s{0,8}[=:]\s{0,8}\\{0,2}[\"']?)"
            r"(?=[\w.+/~-]{0,64}[0-9])(?=[\w.+/~-]{0,64}[a-z])[\w.+/~=-]{16,4096}"
        ),
        rf"\1{REDACTED}",
    ),
    (
        ("--",),
        (
            r"(?i)(--(?:[a-z0-9]{1,24}-){0,3}"
            r"(?:password|passwd|secret|api-key|secret-key|access-key|private-key"
            r"|(?:auth|access|hf|api|github)-token)(?:=|\s{1,8})|--token(?:=|\s{1,8}))"
            r"[^\s\"']{1,4096}"
        ),
        rf"\1{REDACTED}",
    ),
    (
        ("?", "&"),
        (
            r"(?i)([?&](?:[a-z0-9]{1,24}[_-]){0,3}"
            r"(?:token|signature|sig|key|secret|password|credential|auth)=)"
            r"[^&\s\"'<>\\]{1,4096}"
        ),
        rf"\1{REDACTED}",
    ),
    (
        ("bearer", "basic"),
        (
            r"(?i)(?<![a-z])(bearer|basic)(\s{1,8})"
            r"(?=[\w.~+/-]{0,64}[0-9=])[\w.~+/-]{12,4096}={0,2}"
        ),
        rf"\1\2{REDACTED}",
    ),
    (
        ("-----begin",),
        (
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----"
            r"(?:[^-]{0,16384}-----END [A-Z0-9 ]{0,40}-----|[^-]{0,16384})"
        ),
        REDACTED,
    ),
    (
        ("eyj",),
        r"(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{8,8192}(?:\.[\w-]{0,4096})?",
        REDACTED,
    ),
    (("akia", "asia"), r"(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])", REDACTED),
    (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        r"(?:gh[opusr]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255})",
        REDACTED,
    ),
    (("glpat-",), r"glpat-[\w.-]{20,255}", REDACTED),
    (
        ("sk-",),  # OpenAI, Anthropic; a digit, because words are joined by hyphens too
        r"(?<![A-Za-z0-9])sk-(?=[\w-]{0,64}[0-9])[\w-]{20,255}",
        REDACTED,
    ),
    (
        ("k_live_", "k_test_"),
        r"(?<![A-Za-z0-9])[prs]k_(?:live|test)_[A-Za-z0-9]{16,255}",
        REDACTED,
    ),
    (("hf_",), r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,255}", REDACTED),
    (("nvapi-",), r"nvapi-[\w-]{40,255}", REDACTED),
    (("dapi",), r"(?<![A-Za-z0-9])dapi[0-9a-f]{32}(?:-[0-9])?", REDACTED),
    (("npm_",), r"(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}", REDACTED),
    (("aiza",), r"(?<![A-Za-z0-9])AIza[\w-]{35}", REDACTED),
    (("ya29.", "gocspx-"), r"(?:ya29\.|GOCSPX-)[\w-]{20,2048}", REDACTED),
    (
        ("xox",),
        r"xox[abeoprs]-[A-Za-z0-9-]{10,255}",
        REDACTED,
    ),
    (
        ("hooks.slack.com/",),
        r"(?<=hooks\.slack\.com/)[\w/]{10,255}",
        REDACTED,
    ),
)


def name_verdict(key: str) -> int:
    """Return whether `key` names a secret: by its last words, whatever their case."""
    if key in ("PWD", "OLDPWD"):  # the working directory in a dump of the environment
        return SAFE
    words = [word.lower() for word in _WORDS.findall(key)]
    while len(words) > 1 and (words[-1] in _SUFFIXES or words[-1].isdigit()):
        words.pop()
    if not words:
        return SAFE
    last = words[-1]
    before = words[-2] if len(words) > 1 else ""
    if last in _SECRET_WORDS or last.endswith(_SECRET_ENDINGS):
        return SECRET
    if before in _SECRET_BEFORE.get(last, ()):
        if last == "id" and words[-3:-2] != ["access"]:
            return SAFE
        return SECRET
    if last in ("auth", "bearer"):
        return SECRET_TEXT
    if last == "token" and before not in _VOCABULARY:
        return SECRET_TEXT
    return SAFE

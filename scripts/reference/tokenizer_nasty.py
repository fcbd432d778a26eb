# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""The nasty corpus: texts (as bytes, some not UTF-8) and tokenizer.json variants the parity tests use."""

import random

ADDED = dict(single_word=False, lstrip=False, rstrip=False, normalized=True, special=False)


def texts(count):
    """Hard texts and count random ones, as bytes. The reference gets them decoded with errors="replace"."""
    out = [
        "", " ", "\n\t\r ", "a", "Hello, World!", "don't", "don’t “quote” — dash… £5 €6 ¥7", "a[SEP]b", "[MASK].", "[CLS][SEP][PAD][UNK]",
        "[ SEP]", "[sep]", "[SEP", "[[SEP]]", "x [MASK] y[MASK]z", "[MASK]\u0301", "\u200d[SEP]\u200d", "[SE\u0000P]", "[UNK] unk [UNK]",
        "unaffable antidisestablishmentarianism", "naïve café Ångström Çédille señor ÀÉÎÕÜ", "e\u0301 e\u0301\u0323 e\u0323\u0301 q\u0307\u0323\u0323\u0307",
        "\u0301 leading mark", "\u0344\u0323\u0301", "a\u0315\u0300\u05ae\u0345b", "日本語のテキスト 中文字符 漢字かな交じり文", "中a文", "한국어 텍스트 각 힣", "각 ᄒ" + "\u1161\u11a8",
        "\u1100\u1161\u11a7\u11a8", "\U00020000\U0002a6df\U0002a700\U0002b740\U0002b81f\U0002b820\U0002b920\U0002ceb0\U0002f800\U00030000", "豈更\ufa0e﨟\uf900\ufaff",
        "👩‍👩‍👧‍👦 👍🏽 🇩🇪 ❤️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "a\u200db\u200cc\u200bd\u2060e\ufefff", "\ufeffBOM first", "NUL\x00in\x00side", "\x01\x02\x07\x08\x0b\x0c\x0e\x1b\x1f\x7f\x80\x85\x9f",
        "a\x0bb\x0cc\x1cd\x1de\x1ef\x1fg\x85h", "\ufffd replacement a\ufffdb", "soft\u00adhyphen", "\u2028line\u2029para", "\ue000private\uf8ff\U000f0000\U0010fffd", "\u0378unassigned\U000e0080\ufdd0\uffff\U0010ffff",
        "x" * 99, "x" * 100, "x" * 101, "é" * 100, "é" * 101, "e\u0301" * 100, "e\u0301" * 101, "a" + "\u0301" * 300 + "b", "w" * 1000, "中" * 300, "." * 300, "a\x00" * 100, "a\x00" * 101,
        "\u200b" * 50 + "y" * 100, "مرحبا بالعالم، كيف الحال؟ مُحَمَّد", "שָׁלוֹם עולם ״ציטוט״", "\u202eoverride\u202c \u200frtl\u200e", "İstanbul IĞDIR ığdır ıI", "ΟΔΥΣΣΕΥΣ Σίσυφος ΑΣ. ς", "Straße STRASSE ẞ ß ﬁ ﬂ ﬀ",
        "ǅ ǈ ǋ ǲ Ǆ ǆ ŉ ǰ ΐ ΰ և ẖ ẗ ẘ ẙ ẚ", "K Å Ω ℃ № ™ ½ ² ①Ⅳ", "क़ ख़ ग़ ज़ ड़ ढ़ फ़ य़ हिन्दी में पाठ क्‍ष", "ক্ষ য় ড় ঢ় বাংলা", "தமிழ் உரை ெ\u0bbe ொ", "ไทย ภาษา ก่ำ เก้า", "བོད་ཡིག གྷ ཱི ཱྀ", "မြန်မာ ဘာသာ", "ភាសាខ្មែរ",
        "\ua9c0\u0301 \u1b44\u0301\u0323 a\u302e\u0301 a\u302f\u0323b \U0001d165\U0001d16d\u0323\u0301", "a\U0001d15eb\U0001d160c \U0001d1bb", "\u0f73\u0f75\u0f81\u0f71\u0f72", "ℌello 𝓗𝓮𝓵𝓵𝓸 ＡＢＣ１２３ ｱｲｳ", "≠ ≮ ≯ ∤ ⊄ ⫝̸ \u037e \u0387 \u1fef \u2000 \u2001 \u212a",
        "a\u00a0b\u1680c\u2003d\u202fe\u205ff\u3000g\u180eh", "¿Qué? ¡Sí! «Oui» ‹non› §3 ¶4 †‡ • · ‚„", "$100 + 5% = <b>&amp;</b> ^_^ `code` ~/path #tag @user a|b {c} \\n", "C++ C# .NET node.js U.S.A. e.g. 3.14159 1,000,000 12:30 2024-01-01",
        "http://example.com/path?q=1&r=2#frag user@example.com", "snake_case camelCase kebab-case SHOUTING MiXeD", "tabs\tand\r\nnewlines\n\n\nmany   spaces", "\u0130", "\u0130\u0307", "ß\u0301\u0323", "\u1e9e", "\u03a3\u0301",
        "Ａ\u0301", "\U0001f600" * 20, "\u0e33\u0eb3", "\u0958\u0301", "\uac00\u0301\u11a8", "\u1100\uac00\u11a8", "\u3099か\u3099か゛", "ガギグ ｶﾞ", "ﷺ ﷲ", "\u0149n", "a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308b Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
        "Foo foo FOO fooBar foo-bar", "the New York Times, new york, NEW YORKER", "  <b>  bold</b>  ", "x<s>y <s> z", "Über über ÜBER", "straßenbahn", "aéb AÉB a\u0301b", "[NEW]  [new] [New]tail", "pre[NEW]", "ab abc abcd abcde", "q\u00a0[NEW]\u2003z", "\u0301ab", "ab\u0301", "中ab中",
        "##ing ##s # # ing", "[unused1] [unused99]", "résumé RÉSUMÉ re\u0301sume\u0301", "\ud7ff\ue000", "fi\u0302\u0323ancé", "𐐀𐐨 𞤀𞤢 Ა ა ꭰ Ꮿ Ᲊ ᲊ Ꟛ ꟛ Ꟑ Ƛ Ꟍ", "\u0660\u0967\u0e51१२३", "a\u034fb", "a\u20ddb\u20e3c\u0488d", "\u0483\u0487",
    ]
    out = [t.encode("utf-8", "surrogatepass") for t in out]
    out += [
        b"\xff", b"a\xffb", b"\xc3", b"caf\xc3", b"\xe2\x82", b"a\xe2\x82b", b"\xf0\x9f\x98", b"\xf0\x9f\x98 x", b"\xed\xa0\x80", b"a\xed\xa0\xbd\xed\xb8\x80b", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\x80\x80\x80",
        b"a\x80[SEP]\xffb", b"\xe0\x9f\xbf", b"\xf1\x80\x80", b"\xf1\x80\x80\x80\x80", b"abc\xfe\xfedef \xc3\xa9\xc3", b"[SEP\xff]", b"\xef\xbf", b"\xef\xbb\xbf\xef\xbb", b"x\xcc\x81\xccy",
    ]
    out += random_texts(count)
    return out


ALPHABETS = [
    "abcdefghij ABC .,'-[]#0123456789 ", "aeiou\u0300\u0301\u0323\u0327\u0345\u0315 ", "éàüßİıΣςσÅ ǅŉ\u0307 ab", "中文字a b日本ガか\u3099、。", "\u1100\u1161\u11a8\uac00\uac01 a\ud7a3", "\u094d\u093c\u0915\u0958\u09dc\ua9c0\u1b44\u0301\u302e\u302f\U0001d165\U0001d16d a",
    "\u200d\u200c\u200b\ufeff\u00ad\u0000\u0001\ufffd\t\n a b", "👩👧❤\ufe0f\u200d🏽🇩🇪 a", "[SEP][MASK] ab\u0301", "مرحباשלום\u05b8\u064e\u200f a.", "\ue000\u0378\U000f0000\U0010ffff a.", "foFOo ab[NEW] <s>\u00dcü",
]


def random_texts(n):
    rng = random.Random(20260101)
    out = []
    for i in range(n):
        k = rng.randrange(1, 4)
        pool = "".join(rng.sample(ALPHABETS, k))
        if i % 5 == 0:
            pool += "".join(chr(c) for c in (rng.randrange(0x110000) for _ in range(30)) if not 0xD800 <= c < 0xE000)
        data = "".join(rng.choice(pool) for _ in range(rng.randrange(1, 60))).encode()
        if i % 7 == 0:  # damage some bytes
            data = bytes(b if rng.random() > 0.05 else rng.randrange(256) for b in data)
        if i % 11 == 0:
            at = rng.randrange(len(data) + 1)
            data = data[:at] + rng.choice([b"[SEP]", b"[MASK]", b"[CLS] ", b" foo ", b"[NEW]"]) + data[at:]
        out.append(data)
    return out


def added(vocab, *tokens):
    """Added tokens with the ids the reference gives them: those of the vocabulary, or counting on from its size."""
    out, free = [], len(vocab)
    for content, flags in tokens:
        token_id = vocab.get(content, free)
        free += token_id == free
        out.append({"id": token_id, "content": content, **ADDED, **flags})
    return out


def bert(clean=True, chinese=True, strip=None, lower=True):
    return {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese, "strip_accents": strip, "lowercase": lower}


def variants(base):
    """Named changes of sections of the base tokenizer.json; "model" changes single fields of the model."""
    vocab = base["model"]["vocab"]
    special = base["added_tokens"]
    raw = dict(normalized=False)
    return {
        "base": {},
        "cased": {"normalizer": bert(lower=False)},
        "cased, accents stripped": {"normalizer": bert(lower=False, strip=True)},
        "lower, accents kept": {"normalizer": bert(strip=False)},
        "not cleaned": {"normalizer": bert(clean=False)},
        "not cleaned, no ideographs, cased": {"normalizer": bert(clean=False, chinese=False, lower=False)},
        "ideographs joined": {"normalizer": bert(chinese=False)},
        "no normalizer": {"normalizer": None},
        "sequence": {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Lowercase"}, {"type": "StripAccents"}]}},
        "sequence lower first": {"normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"type": "NFD"}, bert(chinese=False, strip=False)]}},
        "nfd": {"normalizer": {"type": "NFD"}},
        "no pre_tokenizer": {"pre_tokenizer": None},
        "short words": {"model": {"max_input_chars_per_word": 4}},
        "no words": {"model": {"max_input_chars_per_word": 0}},
        "long words": {"model": {"max_input_chars_per_word": 5000}},
        "empty prefix": {"model": {"continuing_subword_prefix": ""}},
        "odd prefix": {"model": {"continuing_subword_prefix": "a"}},
        "no added tokens": {"added_tokens": []},
        "bert processing": {"post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 102], "cls": ["[CLS]", 101]}},
        "no post_processor": {"post_processor": None},
        "raw added": {"added_tokens": special + added(vocab, ("fooBar", raw), ("[NEW]", dict(raw, lstrip=True, rstrip=True)), ("<s>", dict(raw, single_word=True)), ("ab", dict(raw, single_word=True)), ("abcd", raw), ("é", raw), ("  ", raw), ("Über", dict(raw, rstrip=True)), ("\u0301", raw), ("中", dict(raw, lstrip=True)))},
        "normalized added": {"added_tokens": special + added(vocab, ("fooBar", {}), ("[NEW]", dict(lstrip=True, rstrip=True)), ("<s>", dict(single_word=True)), ("AB", dict(single_word=True)), ("abcd", {}), ("Straßenbahn", {}), ("  ", {}), ("Ü ber", dict(rstrip=True)), ("new york", {}), ("\u00a0z", dict(single_word=True)))},
        "normalized added, cased": {"normalizer": bert(lower=False, strip=False), "added_tokens": special + added(vocab, ("fooBar", {}), ("[NEW]", dict(lstrip=True, rstrip=True)), ("É", {}), ("e\u0301", dict(rstrip=True)), ("中", {}), ("ß", dict(single_word=True)))},
    }

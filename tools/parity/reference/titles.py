"""Titles of every kind, and a vocabulary that knows some of their words: what tokenizers are compared on."""
import random

BRANDS = ["Puma", "Nike", "ADIDAS", "Levi's", "Zara", "H&M", "Uniqlo", "Fjällräven", "Søstrene", "L'Oréal", "Zoë", "Ærø"]
KINDS = ["running shoes", "T-shirt", "SHIRT", "backpack", "watch", "kurta", "jeans", "dress", "sneakers", "socks"]
COLOURS = ["red", "Blue", "navy-blue", "BLACK", "off white", "turquoise", "beige", "grün", "rosé", "naïve"]
CHINESE = ["红色", "连衣裙", "女", "男鞋", "運動鞋", "𠀀𠀁", "㐀", "豈", "２０２４新款", "、", "。"]
OTHER = ["Кроссовки", "ΟΔΟΣ Σ", "ชุดเดรส", "ドレス", "한복", "İstanbul", "ﬁt", "ｆｕｌｌ", "ß", "Ǆ", "ñ", "e\u0301", "क्षि"]
EMOJI = ["👗", "👨‍👩‍👧", "🏃🏽‍♀️", "❤️", "🇮🇳", "™", "®", "©", "½", "№", "°C"]
CONTROL = ["\x00", "\x07", "\u200b", "\u200d", "\ufeff", "\u2028", "\xa0", "\u3000", "\t", "\r\n", "\ufffd", "\x7f", "\u00ad"]
MARKS = ["-", "/", "(M)", "50%", "$9.99", "#1", "...", "[SEP]", "[MASK]", "[UNK]", "_x_", "a" * 101, "~", "`", "^", "|"]
SIZES = ["XL", "42", "3-pack", "100ml", "10.5", "2XL"]


def titles(count, seed):
    """Half of them ordinary, the others with anything in them, any character of Unicode that is no half included."""
    draw = random.Random(seed)
    found = []
    for i in range(count):
        words = [draw.choice(BRANDS), draw.choice(COLOURS), draw.choice(KINDS), draw.choice(SIZES)]
        if i % 2:
            for _ in range(draw.randrange(1, 5)):
                words.insert(draw.randrange(len(words) + 1), draw.choice(draw.choice([CHINESE, OTHER, EMOJI, CONTROL, MARKS])))
            if i % 20 == 1:
                words.append("".join(chr(draw.choice([0x20, 0xA0, 0x2000, 0x3000, 0x4E00, 0xAC00, 0x1F600]) + draw.randrange(120)) for _ in range(4)))
            title = "".join(word + draw.choice([" ", "", "  "]) for word in words)
        else:
            title = " ".join(words)
        found.append(title)
    return found


def vocabulary(cased):
    """Special tokens, characters, and some of the words and their pieces."""
    known = " ".join(BRANDS[:7] + KINDS + COLOURS + SIZES[:3] + ["й", "ш", "ö", "é", "夏"])
    text = known if cased else known.lower()
    letters = sorted(set(text + "abcdefghijklmnopqrstuvwxyz0123456789红色连裙女男鞋運動新款𠀀ドレスßσς.,-/()&'") - {" "})
    words = sorted({word for word in text.replace("-", " ").replace("'", " ").split() if len(word) > 1})
    pieces = sorted({word[i:] for word in words for i in (2, 3) if len(word) > i + 1})
    listed = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{x}" for x in letters), *words]
    return list(dict.fromkeys([*listed, *(f"##{x}" for x in pieces)]))

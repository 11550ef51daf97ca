"""The label that says a film was made with AI: its words in each language, and its corner.

Asked for by a storyboard's `disclosure`. A language without words of its own here is labelled in
English, of which viewers anywhere know the two letters.
"""

from render.languages import tags_of
from render.storyboard import Corner, Logo

LABELS = {
    "ar": "صُنع بالذكاء الاصطناعي",
    "bg": "Създадено с ИИ",
    "ca": "Creat amb IA",
    "cs": "Vytvořeno pomocí AI",
    "da": "Lavet med AI",
    "de": "Mit KI erstellt",
    "el": "Δημιουργήθηκε με ΤΝ",
    "en": "Made with AI",
    "es": "Creado con IA",
    "et": "Loodud tehisintellektiga",
    "fa": "ساخته‌شده با هوش مصنوعی",
    "fi": "Tehty tekoälyllä",
    "fr": "Créé avec l’IA",
    "he": "נוצר בבינה מלאכותית",
    "hi": "एआई से निर्मित",
    "hr": "Izrađeno pomoću AI-ja",
    "hu": "MI-vel készült",
    "id": "Dibuat dengan AI",
    "it": "Creato con l’IA",
    "ja": "AIで作成",
    "ko": "AI로 제작",
    "lt": "Sukurta naudojant DI",
    "lv": "Veidots ar MI",
    "nb": "Laget med KI",
    "nl": "Gemaakt met AI",
    "pl": "Stworzono z użyciem AI",
    "pt": "Criado com IA",
    "ro": "Creat cu IA",
    "ru": "Создано с помощью ИИ",
    "sk": "Vytvorené pomocou AI",
    "sl": "Ustvarjeno z UI",
    "sv": "Skapad med AI",
    "tr": "Yapay zekâ ile yapıldı",
    "uk": "Створено за допомогою ШІ",
    "vi": "Được tạo bằng AI",
    "yue": "由AI製作",
    "zh": "由AI制作",
    "zh-hant": "由AI製作",
    "zh-tw": "由AI製作",
}


def label_text(locale: str) -> str:
    """Return the label's words in a locale's language."""
    return next((LABELS[tag] for tag in tags_of(locale) if tag in LABELS), LABELS["en"])


def label_corner(logo: Logo | None) -> Corner:
    """Return the upper corner that a logo leaves free: captions stand below."""
    at_right = logo is not None and logo.corner in {Corner.TOP_RIGHT, Corner.BOTTOM_RIGHT}
    return Corner.TOP_LEFT if at_right else Corner.TOP_RIGHT

"""The languages that Whisper knows: its codes, their English names, and what their speakers call them."""

from __future__ import annotations

import msgspec


class Language(msgspec.Struct, frozen=True):
    code: str  # as Whisper has it, which is not always the standard: "jw" is Javanese
    english: str
    own: str


LANGUAGES: dict[str, Language] = {
    language.code: language
    for language in (
        Language("af", "Afrikaans", "Afrikaans"),
        Language("am", "Amharic", "አማርኛ"),
        Language("ar", "Arabic", "العربية"),
        Language("as", "Assamese", "অসমীয়া"),
        Language("az", "Azerbaijani", "azərbaycanca"),
        Language("ba", "Bashkir", "башҡорт"),
        Language("be", "Belarusian", "беларуская"),
        Language("bg", "Bulgarian", "български"),
        Language("bn", "Bengali", "বাংলা"),
        Language("bo", "Tibetan", "བོད་སྐད"),
        Language("br", "Breton", "brezhoneg"),
        Language("bs", "Bosnian", "bosanski"),
        Language("ca", "Catalan", "català"),
        Language("cs", "Czech", "čeština"),
        Language("cy", "Welsh", "Cymraeg"),
        Language("da", "Danish", "dansk"),
        Language("de", "German", "Deutsch"),
        Language("el", "Greek", "Ελληνικά"),
        Language("en", "English", "English"),
        Language("es", "Spanish", "español"),
        Language("et", "Estonian", "eesti"),
        Language("eu", "Basque", "euskara"),
        Language("fa", "Persian", "فارسی"),
        Language("fi", "Finnish", "suomi"),
        Language("fo", "Faroese", "føroyskt"),
        Language("fr", "French", "français"),
        Language("gl", "Galician", "galego"),
        Language("gu", "Gujarati", "ગુજરાતી"),
        Language("ha", "Hausa", "Hausa"),
        Language("haw", "Hawaiian", "ʻŌlelo Hawaiʻi"),
        Language("he", "Hebrew", "עברית"),
        Language("hi", "Hindi", "हिन्दी"),
        Language("hr", "Croatian", "hrvatski"),
        Language("ht", "Haitian Creole", "Kreyòl Ayisyen"),
        Language("hu", "Hungarian", "magyar"),
        Language("hy", "Armenian", "հայերեն"),
        Language("id", "Indonesian", "Bahasa Indonesia"),
        Language("is", "Icelandic", "íslenska"),
        Language("it", "Italian", "italiano"),
        Language("ja", "Japanese", "日本語"),
        Language("jw", "Javanese", "Basa Jawa"),
        Language("ka", "Georgian", "ქართული"),
        Language("kk", "Kazakh", "қазақша"),
        Language("km", "Khmer", "ខ្មែរ"),
        Language("kn", "Kannada", "ಕನ್ನಡ"),
        Language("ko", "Korean", "한국어"),
        Language("la", "Latin", "Latina"),
        Language("lb", "Luxembourgish", "Lëtzebuergesch"),
        Language("ln", "Lingala", "lingála"),
        Language("lo", "Lao", "ລາວ"),
        Language("lt", "Lithuanian", "lietuvių"),
        Language("lv", "Latvian", "latviešu"),
        Language("mg", "Malagasy", "Malagasy"),
        Language("mi", "Māori", "Māori"),
        Language("mk", "Macedonian", "македонски"),
        Language("ml", "Malayalam", "മലയാളം"),
        Language("mn", "Mongolian", "монгол"),
        Language("mr", "Marathi", "मराठी"),
        Language("ms", "Malay", "Bahasa Melayu"),
        Language("mt", "Maltese", "Malti"),
        Language("my", "Burmese", "မြန်မာ"),
        Language("ne", "Nepali", "नेपाली"),
        Language("nl", "Dutch", "Nederlands"),
        Language("nn", "Norwegian Nynorsk", "nynorsk"),
        Language("no", "Norwegian", "norsk"),
        Language("oc", "Occitan", "occitan"),
        Language("pa", "Punjabi", "ਪੰਜਾਬੀ"),
        Language("pl", "Polish", "polski"),
        Language("ps", "Pashto", "پښتو"),
        Language("pt", "Portuguese", "português"),
        Language("ro", "Romanian", "română"),
        Language("ru", "Russian", "русский"),
        Language("sa", "Sanskrit", "संस्कृतम्"),
        Language("sd", "Sindhi", "سنڌي"),
        Language("si", "Sinhala", "සිංහල"),
        Language("sk", "Slovak", "slovenčina"),
        Language("sl", "Slovenian", "slovenščina"),
        Language("sn", "Shona", "chiShona"),
        Language("so", "Somali", "Soomaali"),
        Language("sq", "Albanian", "shqip"),
        Language("sr", "Serbian", "српски"),
        Language("su", "Sundanese", "Basa Sunda"),
        Language("sv", "Swedish", "svenska"),
        Language("sw", "Swahili", "Kiswahili"),
        Language("ta", "Tamil", "தமிழ்"),
        Language("te", "Telugu", "తెలుగు"),
        Language("tg", "Tajik", "тоҷикӣ"),
        Language("th", "Thai", "ไทย"),
        Language("tk", "Turkmen", "türkmençe"),
        Language("tl", "Tagalog", "Tagalog"),
        Language("tr", "Turkish", "Türkçe"),
        Language("tt", "Tatar", "татар"),
        Language("uk", "Ukrainian", "українська"),
        Language("ur", "Urdu", "اردو"),
        Language("uz", "Uzbek", "o‘zbekcha"),
        Language("vi", "Vietnamese", "Tiếng Việt"),
        Language("yi", "Yiddish", "ייִדיש"),
        Language("yo", "Yoruba", "Èdè Yorùbá"),
        Language("zh", "Chinese", "中文"),
        Language("yue", "Cantonese", "粵語"),
    )
}


def code_of(words: str) -> str | None:
    """Return the code of the language that `words` names: by its code, its English name or its own. None if none."""
    wanted = words.strip().casefold()
    for language in LANGUAGES.values():
        if wanted in (language.code, language.english.casefold(), language.own.casefold()):
            return language.code
    return None

"""Conversations in northern, central and eastern European languages written in Latin or Greek."""
# ruff: noqa: E501, RUF001 - prose in scripts that share letter shapes with Latin

from infra.local.google.corpus.language import Language, Topic, people

DUTCH = Language(
    code="nl",
    charsets=("utf-8", "iso-8859-1"),
    people=people("fietsenmakerij.example", ("Daniël Vermeer", "daniel"), ("Loes Bakker", "loes")),
    hello="Hoi {name},",
    bye="Groeten,\n{name}",
    quote="Op {date} schreef {name}:",
    topics=(
        Topic(
            "Je fiets is klaar",
            (
                (
                    "De ketting en de achterband zijn vervangen, en de remmen staan weer strak. Het "
                    "licht deed het al, er zat alleen een draadje los."
                ),
                "Je kunt hem vandaag tot zes uur ophalen. Samen € 74,50.",
            ),
            ("Geweldig, ik ben er om half zes!", "Tot straks."),
        ),
        Topic(
            "Coöperatie: wie doet de kascontrole?",
            (
                (
                    "Vóór de vergadering van de 12e moeten twee leden de boeken bekijken. Het kost "
                    "één avond, en er is appeltaart."
                ),
            ),
            ("Voor appeltaart doe ik het.", "Dan zijn we met z'n tweeën. Donderdag acht uur?"),
        ),
    ),
    small_talk=("Prima!", "Dank je wel.", "Ik kijk er morgen naar."),
)

SWEDISH = Language(
    code="sv",
    charsets=("utf-8", "iso-8859-1"),
    people=people("fjallstugan.example", ("Åsa Öberg", "asa.oberg"), ("Björn Ekström", "bjorn")),
    hello="Hej {name}!",
    bye="Hälsningar,\n{name}",
    quote="Den {date} skrev {name}:",
    topics=(
        Topic(
            "Stugan i påsk",
            (
                (
                    "Stugan är vår från skärtorsdagen till annandagen. Snön ligger fortfarande en "
                    "meter djup, så ta med skidorna."
                ),
                "Vi delar på maten: jag tar frukostarna, du tar kvällarna?",
            ),
            ("Gärna! Jag gör älggrytan på fredag.", "Då tar jag med lingonen."),
        ),
        Topic(
            "Mätvärden från i natt",
            (
                (
                    "Givare 4 visar −31,2 °C, alla andra runt −18. Antingen är den trasig eller så "
                    "står den i en köldgrop."
                ),
            ),
            ("Den står i gropen bakom ladan. Låt den stå, det är ju intressant.",),
        ),
    ),
    small_talk=("Toppen!", "Tack så mycket.", "Låter bra."),
)

POLISH = Language(
    code="pl",
    charsets=("utf-8", "iso-8859-2", "windows-1250"),
    people=people(
        "drukarniapodlipa.example", ("Żaneta Łęcka", "zaneta"), ("Grzegorz Święcicki", "grzegorz")
    ),
    hello="Cześć {name},",
    bye="Pozdrawiam,\n{name}",
    quote="{date} {name} napisał(a):",
    topics=(
        Topic(
            "Próbny wydruk okładki",
            (
                (
                    "W załączniku próbny wydruk. Czerwień wyszła trochę ciemniejsza niż na ekranie, "
                    "ale na matowym papierze wygląda świetnie."
                ),
                "Jeśli akceptujesz, drukujemy w środę i paczka wyjdzie w piątek.",
            ),
            ("Akceptuję! Proszę o 300 sztuk zamiast 250.", "Zmienione. Dziękuję!"),
        ),
        Topic(
            "Święta u nas",
            (
                (
                    "W tym roku zapraszamy wszystkich do nas. Mama robi pierogi, tata twierdzi, że "
                    "pomoże. Będzie nas czternaścioro, więc przywieźcie krzesła."
                ),
            ),
            ("Przywieziemy krzesła, barszcz i kota.", "Kot śpi w łazience, jak zawsze."),
        ),
    ),
    small_talk=("Jasne.", "Dzięki!", "Sprawdzę po południu."),
)

TURKISH = Language(
    code="tr",
    charsets=("utf-8", "iso-8859-9", "windows-1254"),
    people=people("kitabevi.example", ("Gülşah Yıldırım", "gulsah"), ("Çağrı Işık", "cagri")),
    hello="Merhaba {name},",
    bye="Sevgiler,\n{name}",
    quote="{name}, {date} tarihinde şunu yazdı:",
    topics=(
        Topic(
            "Cumartesi kahvaltısı",
            (
                (
                    "Boğaz'a bakan o küçük yerde saat on için masa ayırttım. Menemen, simit ve bol "
                    "bol çay; gerisini orada düşünürüz."
                ),
            ),
            ("Harika! Ben vapurla gelirim.", "İskelede buluşalım, on beş dakika yürüyüş."),
        ),
        Topic(
            "Kitap siparişiniz hazır",
            (
                (
                    "Aradığınız baskıyı bulduk: 1968, ilk sayfasında küçük bir imza var. Sizin için "
                    "iki hafta ayırıyoruz."
                ),
            ),
            ("Çok teşekkür ederim, perşembe günü uğrayacağım.",),
        ),
    ),
    small_talk=("Tamamdır.", "Çok teşekkürler!", "Yarın bakarım."),
)

GREEK = Language(
    code="el",
    charsets=("utf-8", "iso-8859-7"),
    people=people("thalassa.example", ("Ελένη Παπαδάκη", "eleni"), ("Νίκος Γεωργίου", "nikos")),
    hello="Γεια σου {name},",
    bye="Φιλικά,\n{name}",
    quote="Στις {date}, {name} έγραψε:",
    topics=(
        Topic(
            "Το πλοίο της Παρασκευής",
            (
                (
                    "Έκλεισα τα εισιτήρια για το πλοίο των 17:30. Το αυτοκίνητο χωράει, αρκεί να "
                    "είμαστε στο λιμάνι μία ώρα νωρίτερα."
                ),
                "Η θεία μας περιμένει με γεμιστά, οπότε μη φάτε στον δρόμο.",
            ),
            ("Τέλεια! Φέρνω εγώ τα γλυκά.", "Μόνο μην ξεχάσεις πάλι τα μαγιό. \U0001f3d6\ufe0f"),
        ),
    ),
    small_talk=("Εντάξει!", "Ευχαριστώ πολύ.", "Θα το δω αύριο."),
)

NORTHERN = (DUTCH, SWEDISH, POLISH, TURKISH, GREEK)

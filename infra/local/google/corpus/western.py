"""Conversations in the languages of western and southern Europe."""
# ruff: noqa: E501 - prose reads better in one piece than cut twice

from infra.local.google.corpus.language import Language, Topic, people

GERMAN = Language(
    code="de",
    charsets=("utf-8", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"),
    people=people(
        "werkhof.example",
        ("Jürgen Groß", "juergen.gross"),
        ("Annelie Köster", "annelie.koester"),
        ("Dr. Sören Möhring", "soeren.moehring"),
        ("Käthe Weiß", "kaethe"),
    ),
    hello="Hallo {name},",
    bye="Viele Grüße\n{name}",
    quote="Am {date} schrieb {name}:",
    topics=(
        Topic(
            "Rückfrage zur Rechnung für März",
            (
                (
                    "in der Rechnung für März taucht die Wartung doppelt auf, einmal als Pauschale "
                    "und einmal nach Stunden. Vereinbart hatten wir die Pauschale (480 €)."
                ),
                (
                    "Könnten Sie das bitte prüfen und uns eine korrigierte Fassung schicken? Die "
                    "Zahlung geht dann am selben Tag raus."
                ),
            ),
            (
                (
                    "Sie haben recht, das war ein Versehen in der Buchhaltung. Die korrigierte "
                    "Rechnung kommt heute noch."
                ),
                "Ist angekommen und schon angewiesen. Danke für die schnelle Antwort!",
            ),
        ),
        Topic(
            "Grillen am Samstag?",
            (
                (
                    "das Wetter soll halten. Wir würden gegen fünf den Grill anwerfen, für Fleisch "
                    "und Gemüse ist gesorgt. Bringt gern einen Salat und gute Laune mit."
                ),
                "Und bitte Stühle, wir haben nur sechs.",
            ),
            (
                "Wir kommen zu viert und bringen Kartoffelsalat (den von Oma, mit Brühe).",
                "Vier Stühle sind schon im Auto. \U0001f60a",
                "Schön war's! Die blaue Schüssel steht noch bei uns.",
            ),
        ),
        Topic(
            "Unterlagen für das Gespräch über die Förderung",
            (
                (
                    "anbei die Übersicht der Ausgaben und der überarbeitete Zeitplan. Die größte "
                    "Änderung: Der Prüfstand wird erst im Herbst geliefert, dafür können wir mit den "
                    "Messungen im Freien früher anfangen."
                ),
                "Mir fehlt noch die Bestätigung der Universität. Haben Sie da etwas gehört?",
            ),
            (
                "Die Bestätigung liegt seit gestern vor, ich hänge sie an.",
                "Wunderbar, dann sind wir vollständig. Bis Donnerstag!",
            ),
        ),
    ),
    small_talk=(
        "Passt für mich.",
        "Danke, das hilft mir sehr.",
        "Ich schaue es mir heute Nachmittag an.",
        "Einverstanden.",
        "Können wir das auf nächste Woche verschieben?",
        "Natürlich, Dienstag geht auch.",
    ),
)

FRENCH = Language(
    code="fr",
    charsets=("utf-8", "utf-8", "iso-8859-1", "windows-1252"),
    people=people(
        "ateliers-lumen.example",
        ("Éloïse Garnier", "eloise.garnier"),
        ("François Lefèvre", "francois"),
        ("Anaïs Béranger", "anais"),
    ),
    hello="Bonjour {name},",
    bye="Bien à vous,\n{name}",
    quote="Le {date}, {name} a écrit :",
    topics=(
        Topic(
            "Réunion de préparation : changement d'horaire",
            (
                (
                    "La salle n'est finalement libre qu'à partir de 15 h. Je propose donc de décaler "
                    "la réunion d'une heure, sans rien changer à l'ordre du jour."
                ),
                "Dites-moi si cela vous gêne, sinon j'envoie la nouvelle invitation ce soir.",
            ),
            (
                "Aucun problème pour moi, cela m'arrange même.",
                "C'est noté. Pourrait-on garder dix minutes à la fin pour le budget ?",
                "Oui, je l'ajoute en dernier point. À jeudi !",
            ),
        ),
        Topic(
            "La maison en Bretagne, début août",
            (
                (
                    "J'ai eu la propriétaire au téléphone : la maison est libre du 2 au 16. Il y a "
                    "quatre chambres, un jardin, et la plage est à dix minutes à pied."
                ),
                "Elle demande 30 % d'arrhes avant la fin du mois. On y va ?",
            ),
            (
                "Oui, mille fois oui ! Je fais le virement demain.",
                "Les enfants ont déjà préparé leurs épuisettes… \U0001f990",
            ),
        ),
        Topic(
            "Devis n° 2218 : vos questions",
            (
                (
                    "Merci pour votre retour. Le délai de six semaines comprend la pose, et la "
                    "garantie est de dix ans sur la charpente."
                ),
                (
                    "L'échafaudage est compté à part parce que la mairie doit encore donner son "
                    "accord pour la rue."
                ),
            ),
            (
                "C'est très clair, merci. Nous signons cette semaine.",
                "Parfait, je réserve l'équipe pour le 12.",
            ),
        ),
    ),
    small_talk=(
        "Très bien, merci.",
        "C'est parfait pour moi.",
        "Je regarde cela demain matin.",
        "Bonne idée !",
        "Désolé pour le retard, j'étais en déplacement.",
    ),
)

SPANISH = Language(
    code="es",
    charsets=("utf-8", "utf-8", "iso-8859-1", "windows-1252"),
    people=people(
        "talleresnorte.example",
        ("Íñigo Peña", "inigo.pena"),
        ("María José Núñez", "mjnunez"),
        ("Ramón Ibáñez", "ramon"),
    ),
    hello="Hola, {name}:",
    bye="Un saludo,\n{name}",
    quote="El {date}, {name} escribió:",
    topics=(
        Topic(
            "¿Cenamos el jueves?",
            (
                (
                    "Han abierto un sitio nuevo al lado del mercado, cocina de Cádiz, y dicen que "
                    "las tortillitas de camarones son de otro mundo."
                ),
                "Puedo reservar para las nueve y media. ¿Os viene bien?",
            ),
            (
                "¡Por supuesto! Nosotros vamos, y mi hermana también si queda sitio.",
                "Reservado para cinco. No lleguéis tarde, que os conozco. \U0001f609",
            ),
        ),
        Topic(
            "Entrega del pedido 40817",
            (
                (
                    "El camión sale mañana a primera hora y llegará entre las diez y las doce. "
                    "Son tres palés; el tercero va marcado como frágil."
                ),
                "Si el muelle está ocupado, el conductor llamará al número de siempre.",
            ),
            (
                "Recibido todo en perfecto estado, muchas gracias.",
                "Me alegro. Os mando la factura el lunes.",
            ),
        ),
        Topic(
            "Traducción del manual: últimas dudas",
            (
                (
                    "He terminado los capítulos 4 y 5. Me quedan dos dudas: si decimos «buzón» o "
                    "«bandeja», y cómo llamamos al botón rojo."
                ),
                "Yo propongo «bandeja de entrada» y «Detener».",
            ),
            (
                "De acuerdo con las dos. Así lo entiende todo el mundo.",
                "Perfecto, mañana tenéis la versión final.",
            ),
        ),
    ),
    small_talk=("Vale, perfecto.", "Muchas gracias.", "Lo miro esta tarde.", "¡Qué buena noticia!"),
)

ITALIAN = Language(
    code="it",
    charsets=("utf-8", "iso-8859-1", "windows-1252"),
    people=people(
        "bottegaverde.example", ("Niccolò Ferrè", "niccolo"), ("Giulia Dell'Acqua", "giulia")
    ),
    hello="Ciao {name},",
    bye="A presto,\n{name}",
    quote="Il {date}, {name} ha scritto:",
    topics=(
        Topic(
            "La città più bella (e il treno delle 7:40)",
            (
                (
                    "ho trovato i biglietti per il treno delle 7:40, così a mezzogiorno siamo già in "
                    "piazza. Il museo è aperto fino alle 19 e il lunedì è chiuso, perciò domenica."
                ),
                "L'albergo costa 94 € a notte, colazione compresa. Prenoto?",
            ),
            (
                "Prenota! E domenica sera offro io la cena, perché il treno è merito tuo.",
                "Affare fatto. Porta le scarpe comode.",
            ),
        ),
        Topic(
            "Campioni di tessuto",
            (
                (
                    "i campioni sono partiti ieri con il corriere. Il blu è più scuro che in foto, "
                    "il verde invece è identico."
                ),
                "Fammi sapere entro venerdì, così confermo la quantità alla tessitura.",
            ),
            ("Arrivati. Il verde è perfetto: 120 metri, per favore.", "Confermato!"),
        ),
    ),
    small_talk=("Va bene.", "Grazie mille!", "Perfetto, così è più chiaro.", "Ne parliamo lunedì."),
)

PORTUGUESE = Language(
    code="pt",
    charsets=("utf-8", "iso-8859-1"),
    people=people(
        "oficinadomar.example", ("João Simões", "joao.simoes"), ("Conceição Brandão", "conceicao")
    ),
    hello="Olá {name},",
    bye="Um abraço,\n{name}",
    quote="{name} escreveu em {date}:",
    topics=(
        Topic(
            "Reunião de condomínio: ata e próximos passos",
            (
                (
                    "Segue em anexo a ata da reunião de terça-feira. Ficou decidido trocar o "
                    "elevador no verão e pedir três orçamentos até ao fim do mês."
                ),
                "A senhora do segundo esquerdo não pôde vir, mas concorda por escrito.",
            ),
            ("Obrigado! O primeiro orçamento já chegou: 18.400 €.", "Ótimo, faltam dois."),
        ),
        Topic(
            "Fotografias do lançamento",
            (
                "As fotografias ficaram lindas, sobretudo as do fim da tarde com a ponte ao fundo.",
                "Podemos usar a terceira na página inicial?",
            ),
            ("Claro que sim. O nome da fotógrafa é Inês Falcão, não se esqueçam do crédito.",),
        ),
    ),
    small_talk=("Combinado!", "Muito obrigado.", "Vejo isso amanhã.", "Boa ideia."),
)

WESTERN = (GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE)

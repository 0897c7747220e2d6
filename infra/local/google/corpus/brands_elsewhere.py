"""Newsletters of the rest of the world, each in the charset its senders still use."""
# ruff: noqa: E501, RUF001 - prose in scripts that share letter shapes with Latin

from infra.local.google.corpus.brands import PROMO, UPDATES, Brand

ELSEWHERE = (
    Brand(
        "Gartenblatt",
        "post@gartenblatt.example",
        "#386641",
        "#bc4749",
        "iso-8859-1",
        PROMO,
        ("Jetzt aussäen: fünf Gemüse für Ungeduldige", "Frühblüher: 3 für 2 bis Sonntag"),
        (
            (
                "Radieschen in 28 Tagen",
                (
                    "Lockere Erde, gleichmäßig gießen, und nach vier Wochen beginnt die Ernte. Mehr "
                    "braucht es nicht, außer vielleicht etwas Glück mit den Schnecken."
                ),
            ),
            (
                "Die schönsten Stauden für halbschattige Plätze",
                (
                    "Storchschnabel, Funkien und das unverwüstliche Tränende Herz: unsere Auswahl für "
                    "die Ecke hinter dem Haus."
                ),
            ),
            (
                "Kompost ohne Geheimnisse",
                (
                    "Zwei Teile Braunes, ein Teil Grünes, und ab und zu umsetzen. Warum Kaffeesatz "
                    "überschätzt wird und Eierschalen auch."
                ),
            ),
        ),
        "Weiterlesen",
        "Abmelden",
        "Sie erhalten diese E-Mail, weil Sie sich auf unserer Seite angemeldet haben.",
    ),
    Brand(
        "La Table d'Hélène",
        "bonjour@tabledhelene.example",
        "#7b2d26",
        "#f0c987",
        "utf-8",
        UPDATES,
        ("Cinq dîners prêts en une demi-heure", "Le marché de juin : fèves, cerises et thym"),
        (
            (
                "Tarte fine aux courgettes",
                (
                    "Une pâte feuilletée, deux courgettes, un citron. On la mange tiède, debout dans "
                    "la cuisine, et c'est très bien ainsi."
                ),
            ),
            (
                "Pourquoi saler l'eau des pâtes ?",
                "Dix grammes par litre : la règle est simple, l'explication un peu moins.",
            ),
            (
                "Le vin du mois",
                "Un gamay léger, à servir frais, qui ne se prend pas au sérieux.",
            ),
        ),
        "Lire la recette",
        "Se désinscrire",
        "Vous recevez ce message car vous êtes inscrit à notre lettre.",
    ),
    Brand(
        "みどり文庫",
        "news@midori-bunko.example",
        "#2f5d50",
        "#d4a373",
        "iso-2022-jp",
        PROMO,
        ("今月の新刊と特集のご案内", "【会員様限定】送料無料キャンペーン"),
        (
            (
                "海辺の図書館",
                "小さな港町の図書館を守り続けた三人の司書の物語。夏の夜にゆっくり読みたい一冊です。",
            ),
            (
                "台所の科学",
                "なぜ玉ねぎは甘くなるのか。身近な疑問から始まる、やさしい化学の入門書。",
            ),
            ("特集：旅に持っていく文庫", "列車の窓辺で開きたい十冊を、書店員が選びました。"),
        ),
        "詳しく見る",
        "配信停止",
        "このメールは会員登録された方にお送りしています。",
    ),
    Brand(
        "云集生活",
        "service@yunji-life.example",
        "#b5179e",
        "#4361ee",
        "gb18030",
        PROMO,
        ("夏季新品上架，满299减50", "您关注的商品降价了"),
        (
            ("手工竹编篮", "来自安吉的老师傅，每一只要编两天。放水果、放书、放猫都合适。"),
            ("明前龙井", "今年第一批春茶，清香回甘，产量不多，售完为止。"),
            ("亚麻床品四件套", "越洗越软，夏天睡着不闷。现有米白、雾蓝两色。"),
        ),
        "立即查看",
        "退订",
        "您收到此邮件是因为您是我们的会员。",
    ),
    Brand(
        "Лавка чая",
        "pisma@lavka-chaya.example",
        "#6a4c93",
        "#ff924c",
        "koi8-r",
        PROMO,
        ("Новый урожай: чай с горных склонов", "Скидка 15 % на все травы до пятницы"),
        (
            (
                "Иван-чай с вишней",
                "Собран вручную в июле, сушился на чердаке. Пахнет летом и немного вареньем.",
            ),
            (
                "Как заваривать зелёный чай",
                "Вода восемьдесят градусов, две минуты и никакой спешки.",
            ),
            ("Чайник недели", "Глина, четыреста миллилитров, носик не капает. Проверено три раза."),
        ),
        "Подробнее",
        "Отписаться",
        "Вы получили это письмо, потому что подписаны на рассылку.",
    ),
    Brand(
        "مجلة الأفق",
        "news@alufuq.example",
        "#264653",
        "#e9c46a",
        "utf-8",
        UPDATES,
        ("مقالات هذا الأسبوع", "رحلة إلى المدينة القديمة"),
        (
            (
                "أسرار الخط العربي",
                "حوار مع خطاط قضى أربعين عاما مع القصب والحبر، وما زال يتعلم كل يوم.",
            ),
            ("طريق البخور", "من الجبال إلى الموانئ: قصة تجارة غيرت خريطة العالم."),
            ("وصفة العدد", "قهوة بالهيل كما تعدها الجدات، خطوة بخطوة."),
        ),
        "اقرأ المزيد",
        "إلغاء الاشتراك",
        "وصلتك هذه الرسالة لأنك مشترك في نشرتنا.",
        rtl=True,
    ),
    Brand(
        "סטודיו כרמל",
        "hello@studio-carmel.example",
        "#283618",
        "#dda15e",
        "utf-8",
        PROMO,
        ("סדנאות הקיץ נפתחו להרשמה", "הנחה של 20% עד סוף השבוע"),
        (
            ("סדנת קדרות למתחילים", "ארבעה מפגשים, שש ידיים על האובניים, וספל אחד שתיקחו הביתה."),
            ("ערב רישום בגינה", "מביאים מחברת, אנחנו מביאים לימונדה. כל הרמות מוזמנות."),
        ),
        "לפרטים נוספים",
        "הסרה מרשימת התפוצה",
        "קיבלת הודעה זו כי נרשמת באתר שלנו.",
        rtl=True,
    ),
    Brand(
        "Librería El Faro",
        "boletin@libreriaelfaro.example",
        "#1d3557",
        "#e63946",
        "iso-8859-1",
        PROMO,
        ("Diez novelas para una tarde de lluvia", "Este sábado: cuentacuentos y chocolate"),
        (
            (
                "La isla de los relojeros",
                "Una saga familiar sobre el tiempo, las mareas y un reloj que nadie consigue parar.",
            ),
            (
                "Cuentacuentos en la librería",
                "Sábado a las doce. Los niños escuchan, los mayores también, aunque disimulen.",
            ),
            (
                "El rincón del segundo uso",
                "Traiga sus libros leídos y llévese un vale. Así de fácil.",
            ),
        ),
        "Leer más",
        "Darse de baja",
        "Recibe este correo porque se suscribió a nuestro boletín.",
    ),
)

"""What mail programs, lists and scanners write around a person's words, by language.

Data only. Patterns are tried on single lines or paragraphs of limited length, ignoring case.
"""

# ruff: noqa: RUF001  Cyrillic letters are meant

from typing import Final

ATTRIBUTION_STARTS: Final = (
    "On|At|Am|Le|El|Il|Em|No dia|Op|W dniu|Dnia|Den|Wiadomość napisana|På|Vào|Dne|Pe|在|於|于"
)
"""How the line begins that says who wrote what is quoted: "On <date>, <name> wrote:"."""
ATTRIBUTION_VERBS: Final = (
    "wrote|writes|"
    "geschrieben|"
    "a écrit|écrit|"
    "escribió|ha escrito|"
    "ha scritto|"
    "escreveu|escreveu o seguinte|"
    "heeft geschreven|het volgende geschreven|"
    r"napisał\(a\)|napisał|napisała|pisze|"
    "har skrivit|har skrevet|følgende|"
    r"のメール|さんは書きました|は書きました|さんの書き込み|"
    "写道|寫道|"
    "님이 작성|작성|"
    "đã viết|napsal|napsala|kirjoitti|a scris|"
    r"написал\(а\)|написал|написала|пишет|пише|писал|писав"
)
"""What ends it."""
ATTRIBUTION_MIDDLES: Final = "schrieb|schreef|skrev|napisana przez"
"""What names follow in it."""
PRONOUNS_BEFORE: Final = ("I", "we", "he", "she", "they", "who")
PRONOUNS_AFTER: Final = "ich|wir|er|sie|ik|wij|we|hij|zij|jag|vi|han|hon|hun|jeg|de"
"""No program writes these: a person tells of letters."""
HEADER_LABELS: Final = {
    "from": (
        "from|von|de|da|van|od|från|fra|差出人|送信者|发件人|寄件者|보낸 사람|보낸사람|от|"
        "от кого|expéditeur|remetente|remitente|mittente"
    ),
    "date": (
        "sent|date|gesendet|gesendet am|datum|envoyé|envoyé le|enviado|enviado el|fecha|inviato|"
        "data|enviada em|enviado em|enviada|verzonden|wysłano|wysłane|skickat|sendt|dato|"
        "送信日時|日時|日付|发送时间|日期|보낸 날짜|날짜|отправлено|дата"
    ),
    "to": (
        "to|an|à|a|para|aan|do|till|til|cc|kopie|copie|kopia|cópia|copia|kopi|宛先|"
        "收件人|받는 사람|받는사람|кому|копия"
    ),
    "subject": (
        "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|ämne|emne|件名|"
        "主题|主旨|제목|тема"
    ),
}
"""The header lines that Outlook and its kin put above the earlier mail."""
FORWARD_LINES: Final = (
    "original message|reply message|forwarded message|begin forwarded message|"
    "original appointment|antwort nachricht|"
    "ursprüngliche nachricht|ursprüngliche e-mail|originalnachricht|weitergeleitete nachricht|"
    "anfang der weitergeleiteten nachricht|message d'origine|message original|message transféré|"
    "message transmis|début du message transféré|début du message réexpédié|mensaje original|"
    "mensaje reenviado|inicio del mensaje reenviado|messaggio originale|messaggio inoltrato|"
    "inizio messaggio inoltrato|mensagem original|mensagem encaminhada|mensagem reencaminhada|"
    "início da mensagem encaminhada|oorspronkelijk bericht|doorgestuurd bericht|"
    "begin doorgestuurd bericht|wiadomość oryginalna|oryginalna wiadomość|"
    "wiadomość przekazana dalej|przekazana wiadomość|treść przekazanej wiadomości|"
    "początek przekazywanej wiadomości|ursprungligt meddelande|vidarebefordrat meddelande|"
    "vidarebefordrat brev|oprindelig meddelelse|"
    "oprindelig besked|videresendt besked|start på videresendt besked|"
    "元のメッセージ|転送メッセージ|転送されたメッセージ|原始邮件|原始郵件|转发的邮件|轉寄郵件|"
    "原邮件|원본 메시지|전달된 메시지|전달된 메일|исходное сообщение|"
    "пересланное сообщение|пересылаемое сообщение|начало переадресованного сообщения"
)
CLOSINGS: Final = (
    "(?:(?:best|kind|kindest|warm|warmest|with best|with kind|many) )?regards|best wishes|"
    "(?:yours )?(?:sincerely|faithfully|truly)(?: yours)?|all the best|respectfully|"
    "mit (?:freundlichen|freundlichem|besten|herzlichen|lieben|vielen) gr(?:ü|ue)(?:ß|ss)(?:en)?|"
    "(?:viele|liebe|beste|freundliche|herzliche|schöne) gr(?:ü|ue)(?:ß|ss)e|"
    "gr(?:u|ü)(?:ß|ss)e?|hochachtungsvoll|"
    "(?:bien )?(?:cordialement|sincèrement|amicalement)(?: vôtre)?|"
    "(?:meilleures |sincères |cordiales )?salutations(?: distinguées)?|bien à (?:vous|toi)|"
    "(?:un )?(?:saludo|cordial saludo|saludo cordial|abrazo)|(?:muchos )?saludos(?: cordiales)?|"
    "atentamente|(?:le saluda )?atentamente|"
    "(?:cordiali|distinti|cari|migliori|tanti) saluti|(?:un )?(?:cordiale|caro) saluto|saluti|"
    "cordialmente|"
    "atenciosamente|(?:melhores |com os melhores )?cumprimentos|cordialmente|abraços?|"
    "um abraço|saudações|"
    "(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|(?:veel )?groet(?:en|jes)|"
    "(?:serdecznie )?pozdrawia(?:m|my)(?: serdecznie)?|(?:serdeczne )?pozdrowienia|"
    "z (?:poważaniem|wyrazami szacunku|pozdrowieniami)|"
    "(?:med )?(?:vänliga?|vänlig|bästa|varma) hälsning(?:ar)?|hälsningar|"
    "(?:med )?(?:venlig|venlige|vennlig|vennlige|bedste|kærlig) hils(?:en|ner)|hilsen|"
    "(?:以上、?)?(?:どうぞ|何卒)?、?(?:よろしく|宜しく)(?:お願い|御願い)"
    "(?:いたします|致します|します|申し上げます)|敬具|草々|"
    "此致|敬礼|祝好|顺颂商祺|谨上|"
    "감사합니다|드림|올림|"
    "с уважением|(?:с )?наилучши(?:е|ми) пожелания(?:ми)?|всего доброго"
)
"""What opens a closing; a place or a name may follow on the same line."""
CLOSING_PLACES: Final = "aus|from|desde|de|da|uit|från|fra|z|из"
BRIEF_CLOSINGS: Final = (
    "thanks|many thanks|thank you|thanks again|best|cheers|love|danke|vielen dank|besten dank|"
    "merci|merci beaucoup|merci d'avance|gracias|muchas gracias|grazie|grazie mille|obrigad[oa]|"
    "muito obrigad[oa]|bedankt|dank|dziękuję|dzięki|tack|tak|mange tak|takk|спасибо|"
    "mfg|lg|vg|att|mvg|mvh|kh|thanks in advance|danke im voraus|gracias de antemano|ciao|bises|kram"
)
"""Closings that are sentences as well: only a name may follow."""
SENT_WITH: Final = (
    r"(?:sent|written) (?:from|via|with|using|by)\b|get (?:outlook|bluemail|yahoo)\b|"
    r"von meine[mr] .{1,40} gesendet|gesendet (?:von|mit|aus|über)\b|diese nachricht wurde von|"
    r"holen sie sich outlook|laden sie outlook|outlook für .{1,10} (?:herunterladen|beziehen)|"
    r"envoyé (?:de|depuis|à partir|avec)\b|(?:télécharge[rz]|obtene[rz]|obtenir) outlook|"
    r"enviad[oa] (?:desde|do|da|de|a partir|via|pelo|con|com)\b|(?:obtener|obtenga|descargar) "
    r"outlook|(?:obter|obtenha|baixar) (?:o )?outlook|"
    r"inviat[oa] (?:da|dal|dall'|con|tramite)\b|(?:scarica|ottieni) outlook|"
    r"(?:verstuurd|verzonden) (?:vanaf|vanuit|met|via)\b|(?:download|haal) outlook|"
    r"wysłan[eoay] (?:z|ze|za pomocą|przez)\b|(?:pobierz|uzyskaj) (?:aplikację |program )?outlook|"
    r"skicka(?:t|des) från\b|(?:hämta|skaffa) outlook|sendt fra\b|hent outlook|få outlook|"
    r".{1,40}から送信|outlook .{0,20}を入手|发自|發自|從我的 .{1,20} 傳送|获取|取得|"
    r".{1,40}에서 보냄|.{0,20}outlook.{0,20}(?:다운로드|받기)|"
    r"отправлено (?:с|из|от)\b|(?:скачать|получить|загрузить) outlook"
)
DEVICES: Final = (
    "my |outlook|iphone|ipad|ios|android|mail|gmail|yahoo|proton|samsung|galaxy|huawei|xiaomi|"
    "blackberry|windows|mobile|phone|handy|smartphone|móvil|celular|thunderbird|bluemail|spark|"
    "telefon|ipod|airmail|tablet|kindle|htc|cell\\b|téléphone|telefoon|телефон|手机|手機"
)
CONFIDENTIAL: Final = (
    "confidential|privileged|vertraulich|confidentiel|confidencial|riservat|sigilos|poufn|"
    "vertrouwelijk|konfidentiell|fortrolig|機密|秘密|机密|保密|기밀|конфиденциальн"
)
MISDIRECTED: Final = (
    "intended recipient|intended solely|in error|by mistake|unauthori[sz]ed|"
    "irrtümlich|versehentlich|nicht der (?:richtige|beabsichtigte|vorgesehene)|"
    "par erreur|exclusivement|por error|exclusivamente|por engano|por erro|"
    "per errore|esclusivamente|destinatari|omyłkow|przez pomyłkę|wyłącznie|"
    "ten onrechte|per abuis|uitsluitend|av misstag|ved en fejl|ved en feil|"
    "誤って|誤送信|误|誤|잘못|по ошибке|исключительно"
)
MESSAGES: Final = (
    "message|mail|communication|transmission|nachricht|courriel|mensaje|correo|messaggio|"
    "mensagem|wiadomoś|bericht|meddelande|メール|邮件|郵件|메일|сообщени|письмо"
)
LEGAL_ALONE: Final = (
    r"received this (?:e-?mail|message|communication|transmission)(?: and any attachments)?"
    r"(?: in error| by mistake)|not the intended (?:recipient|addressee)|"
    r"consider the environment before|denken sie an die umwelt|pense[rz] à l'environnement|"
    r"antes de imprimir|prima di stampare|registered in england|"
    r"monitors? (?:e-?mail|electronic) (?:messages?|communications?)|"
    r"(?:nachricht|e-?mail|mail) irrtümlich|reçu ce (?:message|courriel|mail) par erreur|"
    r"recibido este (?:mensaje|correo) por error|ricevuto questo (?:messaggio|e-?mail) per errore|"
    r"recebeu esta (?:mensagem|e-?mail) por (?:engano|erro)"
)
LEGAL_HINTS: Final = (
    "in error|by mistake|the intended|environment|registered|monitor|umwelt|irrtümlich|"
    "l'environnement|imprimir|stampare|erreur|por err|por engano|per errore"
)
"""Words of which one is in each of these."""
LEGAL_TITLES: Final = (
    "disclaimer|confidentiality(?: notice| note)?|legal notice|important notice|"
    "vertraulichkeitshinweis|rechtlicher hinweis|haftungsausschluss|avis de confidentialité|"
    "avertissement|aviso legal|aviso de confidencialidad|aviso de confidencialidade|"
    "avviso di riservatezza|nota di riservatezza|klauzula poufności"
)
LIST_WORDS: Final = "mailing list|listinfo|unsubscribe|mailman|lists?\\."
SUBSCRIBED: Final = (
    r"you (?:are receiving|received|have received|are getting) this|"
    r"to unsubscribe\b|unsubscribe\b\W{0,3}(?:$|here|from|\||http|<|\()|"
    r"this (?:e-?mail|message) was sent to\b|"
    r"sie (?:erhalten|haben) diese (?:e-?mail|nachricht|mail)|um sich (?:von .{1,60} )?abzumelden|"
    r"(?:vom )?newsletter abbestellen|abmelden\W{0,3}(?:$|http|<|\()|"
    r"vous (?:recevez|avez reçu) ce|pour vous (?:désabonner|désinscrire)|"
    r"se (?:désabonner|désinscrire)|has recibido este|recibes este|para cancelar (?:la|tu|su) "
    r"suscripción|(?:darse|darte) de baja|hai ricevuto questo|ricevi questa|"
    r"per annullare l'iscrizione|per disiscriverti|você (?:recebeu|está recebendo) est|"
    r"recebeu esta mensagem porque|para (?:cancelar|anular) a (?:inscrição|subscrição)|"
    r"otrzymujesz (?:tę|ten)|otrzymano tę|aby (?:zrezygnować|anulować|wypisać)|"
    r"(?:je|u) ontvangt (?:dit|deze)|om je af te melden|du får (?:det här|detta|denne)|"
    r"avsluta prenumerationen|afmeld|配信停止|登録解除|このメールは.{1,60}登録|退订|取消订阅|"
    r"수신거부|вы получили это|чтобы отписаться|отписаться"
)
"""How the paragraph begins that tells how to leave a list."""
SCANNED: Final = (
    r"virus-free|no virus found|(?:this|the) (?:e-?mail|message) (?:has been|was|is) "
    r"(?:checked|scanned)|virenfrei|diese (?:e-?mail|nachricht) wurde (?:von|mit|auf) .{0,60}viren|"
    r"keine viren|garanti sans virus|sans virus|cet? (?:e-?mail|courriel|message|courrier) "
    r".{0,60}virus|(?:libre|sin) de virus|el software de antivirus|este correo .{0,60}virus|"
    r"privo di virus|mail priva di virus|(?:questa|la) e-?mail .{0,60}virus|livre de vírus|"
    r"(?:este|esta) (?:e-?mail|mensagem) .{0,60}vírus|wolny od wirusów|ta wiadomość .{0,60}wirus|"
    r"virusvrij|deze e-?mail .{0,60}virus|virusfri|det här .{0,60}virus|"
    r"ウイルス(?:フリー|に感染|チェック)|このメールは.{0,60}ウイルス|без вирусов|проверено на"
)
"""How the line begins that a scanner for viruses adds."""

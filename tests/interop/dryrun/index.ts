import "./google-mail/actions/countLabels.js";
import "./google-mail/syncs/fetchSubjects.js";

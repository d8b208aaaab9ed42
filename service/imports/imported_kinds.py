"""What a row of each sheet makes."""

from collections.abc import Mapping

from workflows.import_codes import ImportedKind

KIND_OF: Mapping[str, ImportedKind] = {
    "单位": ImportedKind.UNIT,
    "人员": ImportedKind.ACCOUNT,
    "授权": ImportedKind.ROLE_GRANT,
    "资金": ImportedKind.FUND,
    "到账": ImportedKind.FUND_RECEIPT,
    "资金开放": ImportedKind.FUND_ALLOCATION,
    "家庭": ImportedKind.HOUSEHOLD,
    "结对": ImportedKind.PAIRING,
    "亲属申报": ImportedKind.KINSHIP,
    "走访": ImportedKind.VISIT,
    "慰问品": ImportedKind.GIFT,
    "捐款": ImportedKind.DONATION,
    "活动": ImportedKind.ACTIVITY,
}
"""What a row of a sheet makes. Members and finance lines are parts of the file of 家庭."""

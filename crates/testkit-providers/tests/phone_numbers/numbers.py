"""What Google's library, in its Python port, reads in numbers of every region: one line of JSON for each text.

200 numbers a region, drawn from the same seed each time: the example numbers of its types with other digits at the end, and
its country code with digits of any possible length. Each is spelled in four ways.
"""

import json
import random

import phonenumbers as google

NUMBERS = 200
FORMATS = [google.PhoneNumberFormat.E164, google.PhoneNumberFormat.INTERNATIONAL, google.PhoneNumberFormat.NATIONAL,
           google.PhoneNumberFormat.RFC3966]


def drawn(region, draw):
    """Numbers of a region: two of three from an example, the others of digits alone."""
    code = google.country_code_for_region(region)
    examples = [google.example_number_for_type(region, kind) for kind in google.PhoneNumberType.values()]
    nationals = [google.national_significant_number(number) for number in examples if number]
    lengths = sorted({len(national) for national in nationals})
    found = []
    while len(found) < NUMBERS:
        if len(found) % 3:
            national = draw.choice(nationals)
            changed = draw.randint(1, min(6, len(national) - 1))
            national = national[:-changed] + "".join(draw.choice("0123456789") for _ in range(changed))
        else:
            national = "".join(draw.choice("0123456789") for _ in range(draw.choice(lengths)))
        try:
            number = google.parse(f"+{code}{national}")
        except google.NumberParseException:
            continue
        found.append(number)
    return found


def read(text, region):
    """What the text is to the library: E.164, whether it is valid, and whether a mobile number may have its length."""
    try:
        number = google.parse(text, region)
    except google.NumberParseException:
        return {"e164": None, "valid": False, "mobileLength": False}
    length = google.is_possible_number_for_type_with_reason(number, google.PhoneNumberType.MOBILE)
    return {
        "e164": google.format_number(number, google.PhoneNumberFormat.E164),
        "valid": google.is_valid_number(number),
        "mobileLength": length == google.ValidationResult.IS_POSSIBLE,
    }


for region in sorted(google.SUPPORTED_REGIONS):
    draw = random.Random(region)
    for number in drawn(region, draw):
        for form in FORMATS:
            text = google.format_number(number, form)
            print(json.dumps({"region": region, "text": text, **read(text, region)}))

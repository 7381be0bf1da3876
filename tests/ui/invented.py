"""Documents of an invented ferry company, and an answer that tries everything that a page must not do."""

LUGGAGE = """# Luggage and lost property

## What you may bring

Each foot passenger may bring two suitcases and one bag. Prams and wheelchairs travel free and are not counted.
Surfboards up to 2.4 metres are carried on the car deck when there is room; ask the deck crew before boarding.

## Lost property

Anything found on board is kept for 90 days at the Harbour Street office, open 9 to 17 from Monday to Saturday.
Claims are free. Phones and wallets are handed to the police after 14 days if nobody asks for them.

## What may not come aboard

Fireworks and fuel cans stay ashore. <script>document.title = "hacked"</script> ${document.title = "hacked"} {{x}}
"""

WEATHER = """# Weather cancellations and compensation

When a sailing is cancelled because of weather, you may choose a full refund or another sailing within 30 days.
A delay of more than 60 minutes gives half the fare back; more than 120 minutes, all of it.
"""

PETS = """Pets policy

Dogs travel free on the open deck, on a lead. Assistance dogs are welcome in every lounge.
Cats and small animals stay in a carrier. One lounge on each ship is for passengers with pets.
"""

TEXTS = {
    1: ("Luggage and lost property", LUGGAGE),
    2: ("Weather cancellations and compensation", WEATHER),
    3: ("pets-policy.txt", PETS),
}

HOSTILE = """\
As a foot passenger you may bring **two suitcases and one bag** [1]. Prams and wheelchairs travel free.

If you lose something:

1. Ask at the Harbour Street office, open 9 to 17 from Monday to Saturday [2].
2. Claims are free, and things are kept for *90 days*.

| Item | Kept for |
|---|---|
| Phones and wallets | 14 days |
| Everything else | 90 days |

```
harbour-street --lost "umbrella" [1]
```

![map](http://evil.example/map.png) See [the page](https://ferries.example/lost) and [this](javascript:alert(1))
<img src="http://evil.example/x.png" onerror="document.title = 'hacked'"> [7]
"""

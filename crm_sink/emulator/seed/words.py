"""Words of which the people, companies and deals of a seeded org are made. All are made up.

Web addresses end in `.example` and phone numbers are 555-01xx, so that nobody real is reached.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    "Aaron Abigail Adam Adrian Aisha Alan Alice Amanda Amir Amy Ana Andrea Andrew Angela Anna "
    "Anthony Arjun Ashley Barbara Beatriz Benjamin Bianca Brandon Brenda Brian Camille Carlos "
    "Carmen Caroline Catherine Charles Chen Chloe Christina Claire Connor Cynthia Daniel "
    "David Deborah Diana Diego Dominic Dorothy Edward Elena Elijah Elizabeth Emeka Emily Emma "
    "Eric Esther Ethan Evelyn Fatima Felix Fiona Francisco Frank Gabriel George Grace Gregory "
    "Hannah Harold Heather Helen Henry Hiroshi Ian Imani Ingrid Isaac Isabel Jack Jacqueline "
    "James Jamal Jasmine Jason Jean Jennifer Jeremy Jessica Joan Joel John Jonas Jordan Jose "
    "Joseph Joyce Juan Julia Justin Karen Katherine Keiko Kenneth Kevin Kimberly Kofi Laura "
    "Lauren Leila Leo Leticia Liam Linda Lisa Lucas Lucia Luis Madison Marcus Margaret Maria "
    "Marie Mark Martin Mary Mateo Matthew Maya Megan Mei Melissa Michael Michelle Miguel "
    "Mohammed Monica Nadia Naomi Natalie Nathan Nicholas Nina Noah Nora Olivia Omar Oscar "
    "Patricia Patrick Paul Peter Philip Priya Rachel Rafael Rajesh Rebecca Renata Richard "
    "Robert Rosa Ruth Ryan Samantha Samuel Sandra Sara Scott Sean Sharon Simon Sofia Sophie "
    "Stephanie Stephen Susan Tamara Tariq Teresa Thomas Timothy Tomas Valeria Vanessa Victor "
    "Vikram Vincent Wei William Yasmin Yuki Zachary Zoe"
)

LAST_NAMES = _words(
    "Abbott Adeyemi Ahmed Allen Alvarez Anderson Andersson Bailey Baker Banerjee Barnes Bauer "
    "Becker Bell Bennett Bianchi Boateng Brooks Brown Bryant Butler Campbell Carter Castillo "
    "Chan Chavez Chen Clark Cohen Coleman Collins Cook Cooper Costa Cox Cruz Davies Davis "
    "Delgado Diaz Dubois Edwards Ellis Evans Fernandez Fischer Fisher Flores Foster Fox "
    "Garcia Gibson Gomez Gonzalez Graham Grant Gray Green Griffin Gupta Hall Hamilton Hansen "
    "Harris Harrison Hassan Hayes Henderson Hernandez Hill Hoffman Howard Hughes Hunt Ibrahim "
    "Ito Jackson James Jansen Jenkins Jensen Johnson Jones Jordan Kaminski Kapoor Kelly "
    "Kennedy Khan Kim King Klein Kowalski Kumar Larsen Laurent Lee Lewis Li Lin Lopez Martin "
    "Martinez Mason Mbeki McCarthy McDonald Mehta Mendoza Meyer Miller Mitchell Moore Morales "
    "Moreau Morgan Morris Mueller Murphy Murray Myers Nakamura Nelson Nguyen Novak O'Brien "
    "O'Connor Okafor Olsen Ortiz Osei Owens Park Parker Patel Pereira Perez Perry Peterson "
    "Petrov Phillips Popov Powell Price Quinn Ramirez Ramos Reed Reyes Reynolds Richardson "
    "Rivera Roberts Robinson Rodriguez Rogers Rossi Russell Ryan Sanchez Sanders Santos Sato "
    "Schmidt Schneider Scott Sharma Shaw Silva Simmons Singh Smith Stewart Sullivan Suzuki "
    "Tanaka Taylor Thomas Thompson Torres Tran Turner Vargas Vasquez Wagner Walker Wallace "
    "Walsh Wang Ward Washington Watson Weber West White Williams Wilson Wong Wood Wright "
    "Yamamoto Yang Yilmaz Young Zhang Zimmermann"
)

STEMS = _words(
    "Alder Amberline Anchor Arbor Arcadia Ashford Aspen Atlas Aurora Avalon Banyan Barrow "
    "Bayside Beacon Birchwood Blackrock Bluestone Bramble Brightwater Brookhaven Caldera "
    "Canopy Cardinal Cascade Cedar Chestnut Cinder Clearview Clover Cobalt Compass "
    "Copperfield Corvus Crestline Delta Driftwood Dunmore Eastgate Echo Elmwood Ember Everett "
    "Fairhaven Falcon Fernhill Fieldstone Fjord Foxglove Garnet Glenwood Granite Greenleaf "
    "Harbor Harlow Hawthorn Hazel Heron Highland Hollis Horizon Ironbridge Ivory Juniper "
    "Keystone Kestrel Kingsway Lakeshore Lantern Larkspur Linden Longview Lumen Magnolia "
    "Maplewood Marlow Meridian Midland Millstone Monarch Mosaic Nimbus Northfield Northstar "
    "Oakmont Obsidian Orchard Osprey Palisade Paragon Parkside Pebble Pinecrest Pioneer "
    "Quarry Radiant Redwood Ridgeway Riverbend Rockport Rosewood Saffron Sagebrush Sequoia "
    "Silverlake Solstice Sparrow Stonegate Summit Sycamore Tamarack Terra Thistle Tidewater "
    "Timberline Trellis Umber Valley Verdant Vista Waverly Westbrook Whitestone Willow "
    "Windward Wren Zephyr"
)

# What a company does, and the industry of the standard picklist that goes with it.
KINDS = {
    "Analytics": "Technology",
    "Apparel": "Apparel",
    "Bank": "Banking",
    "Biosciences": "Biotechnology",
    "Brands": "Retail",
    "Builders": "Construction",
    "Capital": "Finance",
    "Chemicals": "Chemicals",
    "Clinics": "Healthcare",
    "Communications": "Telecommunications",
    "Consulting": "Consulting",
    "Devices": "Electronics",
    "Energy": "Energy",
    "Engineering": "Engineering",
    "Farms": "Agriculture",
    "Foods": "Food & Beverage",
    "Freight": "Shipping",
    "Health": "Healthcare",
    "Hotels": "Hospitality",
    "Industries": "Manufacturing",
    "Insurance": "Insurance",
    "Labs": "Biotechnology",
    "Learning": "Education",
    "Logistics": "Transportation",
    "Machinery": "Machinery",
    "Manufacturing": "Manufacturing",
    "Media": "Media",
    "Networks": "Telecommunications",
    "Outfitters": "Recreation",
    "Partners": "Consulting",
    "Power": "Utilities",
    "Retail": "Retail",
    "Robotics": "Machinery",
    "Semiconductors": "Electronics",
    "Software": "Technology",
    "Studios": "Entertainment",
    "Supply": "Manufacturing",
    "Systems": "Technology",
    "Technologies": "Technology",
    "Water": "Environmental",
}

PLACES = (
    ("Austin", "TX", "787", "512"), ("Boston", "MA", "021", "617"),
    ("Chicago", "IL", "606", "312"), ("Denver", "CO", "802", "303"),
    ("Atlanta", "GA", "303", "404"), ("Seattle", "WA", "981", "206"),
    ("Portland", "OR", "972", "503"), ("Phoenix", "AZ", "850", "602"),
    ("Miami", "FL", "331", "305"), ("Nashville", "TN", "372", "615"),
    ("Columbus", "OH", "432", "614"), ("Dallas", "TX", "752", "214"),
    ("San Diego", "CA", "921", "619"), ("San Jose", "CA", "951", "408"),
    ("Raleigh", "NC", "276", "919"), ("Minneapolis", "MN", "554", "612"),
    ("Pittsburgh", "PA", "152", "412"), ("New York", "NY", "100", "212"),
    ("Kansas City", "MO", "641", "816"), ("Salt Lake City", "UT", "841", "801"),
)  # fmt: skip

STREETS = _words("Main Oak Maple Cedar Park Washington Lake Hill Walnut Spring Market Church")
STREET_KINDS = ("Street", "Avenue", "Road", "Boulevard", "Drive", "Lane")

TITLES = (
    "VP of Operations", "VP of Sales", "Chief Financial Officer", "Chief Technology Officer",
    "Director of IT", "Director of Marketing", "Head of Procurement", "Head of Data",
    "Operations Manager", "Purchasing Manager", "Plant Manager", "Office Manager",
    "Product Manager", "Finance Manager", "Supply Chain Lead", "Systems Administrator",
    "Business Analyst", "Controller", "Managing Director", "Owner",
)  # fmt: skip

PRODUCTS = (
    "Annual subscription", "Platform licence", "Pilot project", "Support renewal", "Expansion",
    "Onboarding package", "Data migration", "Training package", "Hardware refresh", "Upgrade",
)  # fmt: skip

NEXT_STEPS = (
    "Send proposal", "Schedule demo", "Follow up on pricing", "Meet the buying committee",
    "Legal review", "Security questionnaire", "Call back next week",
)  # fmt: skip

OWNERS = (
    "Amelia Hart", "Benoit Lacroix", "Carla Mendes", "Damon Price", "Eleni Vasiliou",
    "Farid Rahimi", "Gwen Ashby", "Hugo Lindqvist", "Isla Drummond", "Jiro Matsuda",
    "Kayla Whitfield", "Lorenzo Conti", "Maeve Gallagher", "Nikhil Rao", "Odette Fontaine",
    "Pavel Dvorak", "Quincy Bell", "Rosalind Pike", "Santiago Vega", "Tessa Vandermeer",
    "Ulrich Brandt", "Vera Kuznetsova", "Wesley Okoro", "Xiomara Duarte", "Yusuf Demir",
    "Zara Siddiqui", "Arthur Penn", "Bronwen Rees", "Cyrus Tehrani", "Dalia Nasser",
    "Emmett Sawyer", "Freya Holm", "Graham Locke", "Hana Kovac", "Ines Carvalho",
)  # fmt: skip

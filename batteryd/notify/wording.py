"""The words of a message where notify.toml gives none of its own.

Written for a telephone at three in the morning: the subject says how urgent, where and how much;
the text begins with the summary (where and why, how the battery is covered and what hangs on it),
then the first thing to do, then the facts, one a line. Instants are those of the site. A return to
normal never says that all is well: it is about a reading, not about the battery.

A body that an older version left in the outbox lacks the keys that were added since.
"""

SUBJECT = (
    "{% if change == 'returned' %}[RETURNED TO NORMAL]{% else %}[{{ priority|upper }}]{% endif %}"
    " {{ asset }}{% if component_words %}, {{ component_words }}{% endif %}:"
    " {% if (unit or measure|default('')) and value is not none %}{{ value|amount(unit) }}"
    "{{ ' ' ~ measure if measure|default('') }}"
    "{% if setpoint is not none %}, limit {{ setpoint|amount(unit) }}{% endif %}"
    "{% else %}{{ rule|replace('_', ' ')|replace('-', ' ') }}{% endif %}"
    " ({{ site }}{% if room %}, {{ room }}{% endif %})"
)

# One paragraph, for channels that have room for no more.
SUMMARY = """\
{{ room ~ ': ' if room and room not in why -}}
{{ asset ~ ': ' if asset|lower not in why|lower and not work_order_id|default(none) -}}
{{ why|in_local_time(time_zone)|sentence -}}
{% if change == 'raised' and asset_id != 'batteryd' and not work_order_id|default(none) %}
{% if 'warranty' in why %}
{{ ' ' ~ services|feeding|capitalize -}}
{% else %}
{{ ' ' ~ warranty_status|coverage(warranty_last_day) ~ '; ' ~ services|feeding -}}
{% endif %}
{% endif %}
"""

# Lines of statements alone leave nothing behind, not even an empty line.
TEXT = """\
{{ summary }}

{% if change == 'returned' %}
{% if work_order_id is defined and work_order_id %}
Over after {{ duration_s|duration }}. This is decision support: measure before you touch.
{% else %}
Returned to normal after {{ duration_s|duration }}. This says that a reading is back, not that
anybody has looked at the battery.
{% endif %}

{% elif action %}
FIRST: {{ action }}

{% endif %}
{% if value is not none and (unit or meaning or measure|default('')) %}
Value     {{ value|amount(unit) -}}
          {{ ' ' ~ measure if measure|default('') -}}
          {{ ', limit ' ~ setpoint|amount(unit) if setpoint is not none -}}
          {{ ', beyond it for ' ~ beyond_for_s|duration if beyond_for_s|default(none) -}}
          {{ ' (' ~ meaning ~ ')' if meaning and not measure|default('') }}
{% endif %}
{% if load|default(none) %}
Load      {{ load }}
{% endif %}
Where     {{ [site, room, asset, component_words]|select|join(', ') }}
Since     {{ since_s|local_time(time_zone) -}}
          {{ ', now ' ~ priority if change == 'raised' and duration_s >= 1 }}
{% if asset_id == 'batteryd' %}
About     batteryd itself, not a battery
{% else %}
{% if observed_at_s is none %}
Data      none was ever read
{% else %}
Data      read {{ observed_at_s|local_time(time_zone) }}, {{ data_age_s|duration }} before this
{% endif %}
{% if warranty_status == 'unknown' %}
Warranty  unknown: nobody has said when it ends
{% elif warranty_status == 'expired' %}
Warranty  OVER, last day was {{ warranty_last_day }}
{% else %}
Warranty  until {{ warranty_last_day }}, {{ warranty_days_left -}}
          {{ ' day left' if warranty_days_left == 1 else ' days left' }}
{% endif %}
{% for service in services %}
{{ 'Services ' if loop.first else '         ' }} grade {{ service.grade }}: {{ service.name }}
{% else %}
Services  none is known to depend on it
{% endfor %}
{% endif %}
{% if work_order_id is defined and work_order_id %}
Permit    {{ work_order_id -}}
          {{ ': ' ~ people|join(', ') if people }}
{% endif %}
Priority  {{ priority }}
Alarm     {{ dedup_key }}
"""

/* app/schema.c: what the option tables say to programs. */
#include "app/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "core/json.h"

#define ID_PATTERN        "^[a-z0-9][a-z0-9_-]{0,63}$"
#define VAR_PATTERN       "^[A-Za-z_][A-Za-z0-9_]{0,63}$"
#define DURATION_PATTERN  "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
#define SECRET_PATTERN    "^(env:|file:[/$]|\\$)"
#define REFERENCE_PATTERN "\\$" /* what it stands for is known when it is read */

static void schema_pair(struct jsonw *w, const char *key, const char *value)
{
    jsonw_key(w, key);
    jsonw_string(w, value);
}

static void schema_types(struct jsonw *w, const char *const *types)
{
    jsonw_key(w, "type");
    jsonw_array(w);
    for (; *types; types++)
        jsonw_string(w, *types);
    jsonw_end(w, ']');
}

static const char *const schema_scalar[] = { "string", "number", "boolean", NULL };

/* { "type": [...] } */
static void schema_any_scalar(struct jsonw *w)
{
    jsonw_object(w);
    schema_types(w, schema_scalar);
    jsonw_end(w, '}');
}

static void schema_limits(struct jsonw *w, const struct option *o)
{
    if (o->min == 0 && o->max == 0)
        return;
    jsonw_key(w, "minimum");
    jsonw_number(w, o->min);
    if (o->max >= o->min) {
        jsonw_key(w, "maximum");
        jsonw_number(w, o->max);
    }
}

/* Either what the type demands, or a text with a reference in it. */
static void schema_or_reference(struct jsonw *w, const struct option *o, const char *type)
{
    jsonw_key(w, "anyOf");
    jsonw_array(w);
    jsonw_object(w);
    if (type)
        schema_pair(w, "type", type);
    if (o->type == OPTION_ENUM || o->type == OPTION_UNIT) {
        jsonw_key(w, "enum");
        jsonw_array(w);
        for (size_t i = 0; o->type == OPTION_ENUM && o->words[i]; i++)
            jsonw_string(w, o->words[i]);
        for (int i = UNIT_NONE; o->type == OPTION_UNIT && i <= UNIT_SECONDS; i++)
            jsonw_string(w, unit_name((enum unit)i));
        jsonw_end(w, ']');
    } else if (o->type == OPTION_DURATION) {
        schema_pair(w, "pattern", DURATION_PATTERN);
        jsonw_key(w, "minLength");
        jsonw_int(w, 2);
    } else {
        schema_limits(w, o);
    }
    jsonw_end(w, '}');
    jsonw_object(w);
    schema_pair(w, "type", "string");
    schema_pair(w, "pattern", REFERENCE_PATTERN);
    jsonw_end(w, '}');
    jsonw_end(w, ']');
}

static void schema_one_or_list(struct jsonw *w)
{
    jsonw_key(w, "anyOf");
    jsonw_array(w);
    schema_any_scalar(w);
    jsonw_object(w);
    schema_pair(w, "type", "array");
    jsonw_key(w, "items");
    schema_any_scalar(w);
    jsonw_end(w, '}');
    jsonw_end(w, ']');
}

static void schema_default(struct jsonw *w, const struct option *o)
{
    if (!o->dflt)
        return;
    jsonw_key(w, "default");
    if (o->type == OPTION_BOOL)
        jsonw_bool(w, strcmp(o->dflt, "true") == 0);
    else if (o->type == OPTION_INT || o->type == OPTION_NUMBER)
        jsonw_number(w, strtod(o->dflt, NULL));
    else
        jsonw_string(w, o->dflt);
}

static void schema_option(struct jsonw *w, const struct option *o)
{
    static const char *const quantity[] = { "string", "number", NULL };

    jsonw_key(w, o->name);
    jsonw_object(w);
    schema_pair(w, "description", o->help);
    switch (o->type) {
    case OPTION_URL:
    case OPTION_DSN:
    case OPTION_PATH:
    case OPTION_POINTER:
        schema_pair(w, "type", "string");
        break;
    case OPTION_SECRET:
        schema_pair(w, "type", "string");
        schema_pair(w, "pattern", SECRET_PATTERN);
        break;
    case OPTION_STRING:
        schema_types(w, schema_scalar);
        break;
    case OPTION_QUANTITY:
        schema_types(w, quantity);
        break;
    case OPTION_DURATION:
    case OPTION_ENUM:
    case OPTION_UNIT:
        schema_or_reference(w, o, "string");
        break;
    case OPTION_INT:
        schema_or_reference(w, o, "integer");
        break;
    case OPTION_NUMBER:
        schema_or_reference(w, o, "number");
        break;
    case OPTION_BOOL:
        schema_or_reference(w, o, "boolean");
        break;
    case OPTION_LIST:
    case OPTION_CODES:
        schema_one_or_list(w);
        break;
    case OPTION_MAP:
        schema_pair(w, "type", "object");
        jsonw_key(w, "additionalProperties");
        schema_any_scalar(w);
        break;
    }
    schema_default(w, o);
    jsonw_end(w, '}');
}

static void schema_options(struct jsonw *w, const struct option *table)
{
    for (const struct option *o = table; o->name; o++)
        schema_option(w, o);
}

static void schema_required(struct jsonw *w, const struct option *table, const char *more)
{
    jsonw_key(w, "required");
    jsonw_array(w);
    for (const struct option *o = table; o->name; o++)
        if (o->required && (!more || strcmp(o->name, more) != 0))
            jsonw_string(w, o->name);
    if (more)
        jsonw_string(w, more);
    jsonw_end(w, ']');
}

/* A closed object: "type", and what is not named is wrong. */
static void schema_closed(struct jsonw *w)
{
    schema_pair(w, "type", "object");
    jsonw_key(w, "additionalProperties");
    jsonw_bool(w, false);
}

/* Opens a map of things by name, its values being `ref`. */
static void schema_block(struct jsonw *w, const char *section, const char *name,
                         const char *pattern, const char *ref)
{
    const struct config_block *b = config_blocks;

    while (b->name && (strcmp(b->section, section) != 0 || strcmp(b->name, name) != 0))
        b++;
    jsonw_key(w, name);
    jsonw_object(w);
    schema_pair(w, "description", b->help);
    schema_pair(w, "type", "object");
    jsonw_key(w, "propertyNames");
    jsonw_object(w);
    schema_pair(w, "pattern", pattern);
    jsonw_end(w, '}');
    jsonw_key(w, "additionalProperties");
    if (ref) {
        jsonw_object(w);
        schema_pair(w, "$ref", ref);
        jsonw_end(w, '}');
        jsonw_key(w, "minProperties");
        jsonw_int(w, 1);
    } else {
        schema_any_scalar(w);
    }
    jsonw_end(w, '}');
}

static void schema_map(struct jsonw *w, const char *key, const struct option *options)
{
    jsonw_key(w, key);
    jsonw_object(w);
    for (const struct config_block *b = config_blocks; b->name; b++)
        if (!strcmp(b->section, "watch") && !strcmp(b->name, key))
            schema_pair(w, "description", b->help);
    schema_closed(w);
    jsonw_key(w, "properties");
    jsonw_object(w);
    schema_options(w, options);
    jsonw_end(w, '}');
    jsonw_end(w, '}');
}

static void schema_alert(struct jsonw *w)
{
    jsonw_key(w, "alert");
    jsonw_object(w);
    schema_closed(w);
    schema_required(w, config_alert_options, NULL);
    jsonw_key(w, "properties");
    jsonw_object(w);
    schema_options(w, config_alert_options);
    jsonw_end(w, '}');
    jsonw_end(w, '}');
}

static void schema_channel(struct jsonw *w)
{
    jsonw_key(w, "channel");
    jsonw_object(w);
    schema_closed(w);
    jsonw_key(w, "properties");
    jsonw_object(w);
    schema_options(w, config_channel_options);
    jsonw_end(w, '}');
    jsonw_end(w, '}');
}

static void schema_window(struct jsonw *w)
{
    jsonw_key(w, "window");
    jsonw_object(w);
    schema_closed(w);
    schema_required(w, config_window_options, NULL);
    jsonw_key(w, "properties");
    jsonw_object(w);
    schema_options(w, config_window_options);
    jsonw_end(w, '}');
    jsonw_end(w, '}');
}

static void schema_service(struct jsonw *w)
{
    jsonw_key(w, "service");
    jsonw_object(w);
    schema_closed(w);
    schema_required(w, config_service_options, "probes");
    jsonw_key(w, "properties");
    jsonw_object(w);
    schema_options(w, config_service_options);
    schema_block(w, "service", "probes", ID_PATTERN, "#/$defs/probe");
    jsonw_end(w, '}');
    jsonw_end(w, '}');
}

static void schema_probes(struct jsonw *w, const struct config_kinds *kinds)
{
    jsonw_key(w, "probe");
    jsonw_object(w);
    jsonw_key(w, "oneOf");
    jsonw_array(w);
    for (size_t i = 0; kinds->ops[i]; i++) {
        char ref[80];

        snprintf(ref, sizeof ref, "#/$defs/%s", kinds->ops[i]->kind);
        jsonw_object(w);
        schema_pair(w, "$ref", ref);
        jsonw_end(w, '}');
    }
    jsonw_end(w, ']');
    jsonw_end(w, '}');
    for (size_t i = 0; kinds->ops[i]; i++) {
        const struct probe_ops *ops = kinds->ops[i];

        jsonw_key(w, ops->kind);
        jsonw_object(w);
        schema_pair(w, "description", ops->help);
        schema_closed(w);
        schema_required(w, ops->options, ops->kind);
        jsonw_key(w, "properties");
        jsonw_object(w);
        schema_options(w, ops->options);
        schema_options(w, kinds->common);
        jsonw_end(w, '}');
        jsonw_end(w, '}');
    }
}

void schema_write(const struct config_kinds *kinds, struct buf *out)
{
    struct jsonw w;

    if (!kinds)
        kinds = &config_kinds_all;
    jsonw_begin(&w, out, true);
    jsonw_object(&w);
    schema_pair(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    schema_pair(&w, "title", "midwatch configuration");
    schema_closed(&w);
    schema_required(&w, config_watch_options, "services");
    jsonw_key(&w, "properties");
    jsonw_object(&w);
    schema_options(&w, config_watch_options);
    schema_block(&w, "watch", "vars", VAR_PATTERN, NULL);
    schema_map(&w, "words", config_words_options);
    schema_map(&w, "history", config_history_options);
    schema_block(&w, "watch", "services", ID_PATTERN, "#/$defs/service");
    schema_block(&w, "watch", "alerts", ID_PATTERN, "#/$defs/alert");
    schema_block(&w, "watch", "notify", ID_PATTERN, "#/$defs/channel");
    schema_block(&w, "watch", "maintenance", ID_PATTERN, "#/$defs/window");
    jsonw_end(&w, '}');
    jsonw_key(&w, "$defs");
    jsonw_object(&w);
    schema_service(&w);
    schema_alert(&w);
    schema_channel(&w);
    schema_window(&w);
    schema_probes(&w, kinds);
    jsonw_end(&w, '}');
    jsonw_end(&w, '}');
    buf_addc(out, '\n');
}

static const char *schema_type_name(enum option_type type)
{
    static const char *const names[] = {
        [OPTION_STRING] = "string", [OPTION_URL] = "url",         [OPTION_DSN] = "address",
        [OPTION_PATH] = "path",     [OPTION_POINTER] = "pointer", [OPTION_DURATION] = "duration",
        [OPTION_INT] = "integer",   [OPTION_NUMBER] = "number",   [OPTION_QUANTITY] = "quantity",
        [OPTION_BOOL] = "boolean",  [OPTION_ENUM] = "word",       [OPTION_UNIT] = "unit",
        [OPTION_SECRET] = "secret", [OPTION_LIST] = "list",       [OPTION_MAP] = "map",
        [OPTION_CODES] = "codes",
    };

    return names[type];
}

static void schema_list_option(struct buf *out, const char *section, const char *dashes,
                               const struct option *o)
{
    buf_addf(out, "%s\t%s%s\t%s", section, dashes, o->name, schema_type_name(o->type));
    for (size_t i = 0; o->type == OPTION_ENUM && o->words[i]; i++)
        buf_addf(out, "%c%s", i ? '|' : ':', o->words[i]);
    buf_addf(out, "\t%s\t%s\n", o->dflt ? o->dflt : o->required ? "(required)" : "-", o->help);
}

void schema_list(const struct config_kinds *kinds, struct buf *out)
{
    struct config_section s;

    if (!kinds)
        kinds = &config_kinds_all;
    for (size_t i = 0; config_section_at(kinds, i, &s); i++) {
        for (const struct option *o = s.options; o->name; o++)
            schema_list_option(out, s.name, "", o);
        for (const struct config_block *b = config_blocks; b->name; b++)
            if (strcmp(b->section, s.name) == 0)
                buf_addf(out, "%s\t%s\tblock\t-\t%s\n", s.name, b->name, b->help);
    }
    for (const struct cli_command *c = cli_commands; c->name; c++)
        for (const struct cli_option *o = c->options; o->option.name; o++)
            schema_list_option(out, *c->name ? c->name : "midwatch", "--", &o->option);
}

// SPDX-License-Identifier: Apache-2.0
// Text to Document. Everything that a policy may not hold is refused here, with the path of what is wrong, so that nothing
// written into a policy is silently without effect.
#include "policy/document.hpp"
#include "policy/duplicate_keys.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace otabahn::policy {
namespace {

namespace json = boost::json;

template <class T>
using Parsed = Result<T, std::string>;  // the error: "Statement[0].Effect is …"

Unexpected<std::string> wrong(const std::string& path, std::string_view what) { return Unexpected(path + " " + std::string(what)); }

std::string shown(std::string_view text) { return "'" + std::string(text.substr(0, 120)) + (text.size() > 120 ? "…'" : "'"); }

bool alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// As a person writes it: Boost.JSON would make 10.5 into 1.05E1.
std::string written(double number) {
    std::array<char, 32> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

// A value that may be one text or a list of them. Numbers and booleans pass where conditions are, as IAM lets them.
Parsed<std::vector<std::string>> read_texts(const json::value& value, const std::string& path, bool scalars) {
    const auto one = [&](const json::value& item, const std::string& at) -> Parsed<std::string> {
        if (const auto* text = item.if_string()) return std::string(*text);
        if (scalars && item.is_double()) return written(item.get_double());
        if (scalars && (item.is_bool() || item.is_number())) return json::serialize(item);
        return wrong(at, scalars ? "is no text, number or boolean" : "is no text");
    };
    std::vector<std::string> out;
    if (const auto* list = value.if_array()) {
        for (std::size_t i = 0; i < list->size(); ++i) {
            auto text = one((*list)[i], path + "[" + std::to_string(i) + "]");
            if (!text) return Unexpected(std::move(text).error());
            out.push_back(std::move(text).value());
        }
        return out;
    }
    auto text = one(value, path);
    if (!text) return Unexpected(std::move(text).error());
    out.push_back(std::move(text).value());
    return out;
}

// Refuses a key that is not of `allowed`, and says which one was probably meant.
Parsed<bool> check_keys(const json::object& object, const std::string& where, std::initializer_list<std::string_view> allowed) {
    for (const auto& member : object) {
        const std::string_view key(member.key());
        if (std::find(allowed.begin(), allowed.end(), key) != allowed.end()) continue;
        std::string message =
            (where.empty() ? "The document" : where) + " has the member " + shown(key) + ", which no policy of this kind has";
        for (const std::string_view known : allowed)
            if (same_ignoring_case(known, key)) message += "; it is written '" + std::string(known) + "'";
        return Unexpected(std::move(message));
    }
    return true;
}

std::string element_path(const std::string& path, std::size_t index, bool list) {
    return list ? path + "[" + std::to_string(index) + "]" : path;
}

Parsed<bool> check_action(std::string_view action, const std::string& path) {
    if (action == "*") return true;
    const std::size_t colon = action.find(':');
    const bool letters = std::all_of(action.begin(), action.end(),
                                     [](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '*' || c == '?' || c == ':'; });
    if (!letters || colon == 0 || colon == std::string_view::npos || colon + 1 == action.size() ||
        action.find(':', colon + 1) != std::string_view::npos)
        return wrong(path, "is " + shown(action) + "; an action is written SERVICE:NAME (iot:Publish, s3:Get*) or '*'");
    return true;
}

Parsed<bool> check_resource(std::string_view resource, bool variables, const std::string& path) {
    if (!resource.empty() && resource.front() == '*') return true;
    const auto parts = variables ? arn_pattern_parts(resource) : arn_parts(resource);
    const bool open_ended = resource.find('*') != std::string_view::npos;
    if (parts.front() != "arn" || (parts.size() < 6 && !open_ended) || (parts.size() == 6 && parts[5].empty()))
        return wrong(path, "is " + shown(resource) + "; a resource is '*' or an ARN, arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE");
    // IAM's rule: variables from the sixth part on.
    for (std::size_t i = 0; variables && i < parts.size() && i < 5; ++i)
        if (parts[i].find("${") != std::string_view::npos && parts[i].find_first_not_of("${*?}") != std::string_view::npos)
            return wrong(path, "is " + shown(resource) + "; a variable may stand in the resource part only, after the ARN's fifth colon");
    return true;
}

enum class ElementKind { action, resource };

// Action / NotAction or Resource / NotResource: just one of the two.
Parsed<PatternSet> read_set(const json::object& statement, const std::string& where, ElementKind kind, bool variables) {
    const bool is_action = kind == ElementKind::action;
    const std::string name = is_action ? "Action" : "Resource", negated_name = "Not" + name;
    const json::value* plain = statement.if_contains(name);
    const json::value* negated = statement.if_contains(negated_name);
    if (plain == nullptr && negated == nullptr)
        return wrong(where, "has neither " + name + " nor " + negated_name + "; it takes one of them");
    if (plain != nullptr && negated != nullptr) return wrong(where, "has both " + name + " and " + negated_name + "; it takes one of them");
    const json::value& value = plain != nullptr ? *plain : *negated;
    const std::string path = where + "." + (plain != nullptr ? name : negated_name);
    auto texts = read_texts(value, path, false);
    if (!texts) return Unexpected(std::move(texts).error());
    if (texts->empty()) return wrong(path, "is an empty list; it takes at least one entry");
    PatternSet out;
    out.negated = negated != nullptr;
    for (std::size_t i = 0; i < texts->size(); ++i) {
        const std::string at = element_path(path, i, value.is_array());
        const std::string& text = (*texts)[i];
        if (auto fine = is_action ? check_action(text, at) : check_resource(text, variables, at); !fine)
            return Unexpected(std::move(fine).error());
        auto pattern = Pattern::compile(text, {Wildcards::star_and_question, !is_action && variables});
        if (!pattern) return wrong(at, pattern.error());
        out.patterns.push_back(std::move(pattern).value());
    }
    return out;
}

Parsed<bool> add_aws_principal(const std::string& text, const std::string& path, Principals& out) {
    if (text == "*") {
        out.everybody = true;
        return true;
    }
    if (text.size() == 12 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        out.accounts.push_back(text);
        return true;
    }
    const auto parts = arn_parts(text);
    if (parts.size() != 6 || parts[0] != "arn" || text.find_first_of("*?") != std::string::npos)
        return wrong(path, "is " + shown(text) + "; it takes an account id, the ARN of a user, role or account without wildcards, or '*'");
    if (parts[5] == "root") {
        out.accounts.emplace_back(parts[4]);
    } else {
        out.arns.push_back(text);
    }
    return true;
}

Parsed<Principals> read_principals(const json::object& statement, const std::string& where) {
    const json::value* plain = statement.if_contains("Principal");
    const json::value* negated = statement.if_contains("NotPrincipal");
    if ((plain == nullptr) == (negated == nullptr))
        return wrong(where, "takes Principal or NotPrincipal, one of them: whom does it speak of? {\"Service\": \"iot.amazonaws.com\"}");
    const json::value& value = plain != nullptr ? *plain : *negated;
    const std::string path = where + (plain != nullptr ? ".Principal" : ".NotPrincipal");
    Principals out;
    out.negated = negated != nullptr;
    if (const auto* text = value.if_string()) {
        if (*text != "*") return wrong(path, "is " + shown(*text) + "; it takes '*' or an object of AWS, Service or Federated");
        out.everybody = true;
        return out;
    }
    const auto* object = value.if_object();
    if (object == nullptr || object->empty()) return wrong(path, "takes '*' or an object of AWS, Service or Federated");
    if (auto fine = check_keys(*object, path, {"AWS", "Service", "Federated", "CanonicalUser"}); !fine)
        return Unexpected(std::move(fine).error());
    for (const auto& member : *object) {
        const std::string at = path + "." + std::string(member.key());
        auto texts = read_texts(member.value(), at, false);
        if (!texts) return Unexpected(std::move(texts).error());
        if (texts->empty()) return wrong(at, "is an empty list; it takes at least one entry");
        for (std::size_t i = 0; i < texts->size(); ++i) {
            const std::string& text = (*texts)[i];
            const std::string entry = element_path(at, i, member.value().is_array());
            if (member.key() == "AWS") {
                if (auto fine = add_aws_principal(text, entry, out); !fine) return Unexpected(std::move(fine).error());
            } else if (member.key() == "Service") {
                if (text.find('.') == std::string::npos || text.find_first_of("*? ") != std::string::npos)
                    return wrong(entry, "is " + shown(text) + "; it takes a service's name, iot.amazonaws.com");
                out.services.push_back(text);
            }
        }
    }
    return out;
}

Parsed<std::vector<Condition>> read_conditions(const json::value& value, const std::string& path, bool variables) {
    const auto* operators = value.if_object();
    if (operators == nullptr) return wrong(path, "is no object {operator: {key: value}}");
    std::vector<Condition> out;
    for (const auto& row : *operators) {
        const std::string name(row.key());
        const std::string at = path + "." + name;
        const auto op = parse_operator(name);
        if (!op) return wrong(at, "is no condition operator; there are StringEquals, StringLike, Bool, ArnLike, IpAddress and so on");
        const auto* keys = row.value().if_object();
        if (keys == nullptr) return wrong(at, "is no object {key: value}");
        for (const auto& member : *keys) {
            const std::string key_path = at + "." + std::string(member.key());
            if (member.key().empty()) return wrong(at, "has a condition key without a name");
            auto texts = read_texts(member.value(), key_path, true);
            if (!texts) return Unexpected(std::move(texts).error());
            Condition condition{name, *op, std::string(member.key()), {}, {}};
            for (std::size_t i = 0; i < texts->size(); ++i) {
                auto compiled = compile_value(*op, (*texts)[i], variables);
                if (!compiled) return wrong(element_path(key_path, i, member.value().is_array()), compiled.error());
                condition.values.push_back(std::move(compiled).value());
            }
            condition.sources = std::move(texts).value();
            out.push_back(std::move(condition));
        }
    }
    return out;
}

Parsed<std::string> read_sid(const json::object& statement, const std::string& where) {
    const json::value* value = statement.if_contains("Sid");
    if (value == nullptr) return std::string();
    const auto* text = value->if_string();
    if (text == nullptr || !std::all_of(text->begin(), text->end(), alphanumeric))
        return wrong(where + ".Sid", "takes letters and digits only");
    return std::string(*text);
}

Parsed<Statement> read_statement(const json::value& value, const std::string& where, const Document& document) {
    const auto* object = value.if_object();
    if (object == nullptr) return wrong(where, "is no object");
    const bool trust = document.dialect == Dialect::iam_trust;
    if (auto fine = trust ? check_keys(*object, where, {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"})
                          : check_keys(*object, where, {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"});
        !fine)
        return Unexpected(std::move(fine).error());
    Statement out;
    auto sid = read_sid(*object, where);
    if (!sid) return Unexpected(std::move(sid).error());
    out.sid = std::move(sid).value();
    const json::value* effect = object->if_contains("Effect");
    const auto* effect_text = effect == nullptr ? nullptr : effect->if_string();
    if (effect_text == nullptr || (*effect_text != "Allow" && *effect_text != "Deny"))
        return wrong(where + ".Effect", effect == nullptr
                                            ? "is missing; it takes 'Allow' or 'Deny'"
                                            : "takes 'Allow' or 'Deny', in just this spelling, and is " + json::serialize(*effect));
    out.allow = *effect_text == "Allow";
    auto actions = read_set(*object, where, ElementKind::action, document.variables);
    if (!actions) return Unexpected(std::move(actions).error());
    out.actions = std::move(actions).value();
    if (trust) {
        auto principals = read_principals(*object, where);
        if (!principals) return Unexpected(std::move(principals).error());
        out.principals = std::move(principals).value();
    } else {
        auto resources = read_set(*object, where, ElementKind::resource, document.variables);
        if (!resources) return Unexpected(std::move(resources).error());
        out.resources = std::move(resources).value();
    }
    if (const json::value* condition = object->if_contains("Condition")) {
        auto conditions = read_conditions(*condition, where + ".Condition", document.variables);
        if (!conditions) return Unexpected(std::move(conditions).error());
        out.conditions = std::move(conditions).value();
    }
    return out;
}

Parsed<bool> read_document(const json::value& value, Document& out) {
    const auto* root = value.if_object();
    if (root == nullptr) return wrong("The document", "is no JSON object");
    if (auto fine = check_keys(*root, "", {"Version", "Id", "Statement"}); !fine) return fine;
    out.variables = false;  // IAM's default version is 2008-10-17, which knows none
    if (const json::value* version = root->if_contains("Version")) {
        const auto* text = version->if_string();
        if (text == nullptr || (*text != "2012-10-17" && *text != "2008-10-17"))
            return wrong("Version", "is " + json::serialize(*version) + "; it takes '2012-10-17' or '2008-10-17'");
        out.variables = *text == "2012-10-17";
    }
    if (const json::value* id = root->if_contains("Id"); id != nullptr && !id->is_string()) return wrong("Id", "is no text");
    const json::value* statement = root->if_contains("Statement");
    if (statement == nullptr) return wrong("Statement", "is missing; it takes an object or a list of objects");
    const auto* list = statement->if_array();
    if (list != nullptr && list->empty()) return wrong("Statement", "is an empty list; it takes at least one statement");
    const std::size_t count = list == nullptr ? 1 : list->size();
    std::set<std::string> sids;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string where = element_path("Statement", i, list != nullptr);
        auto read = read_statement(list == nullptr ? *statement : (*list)[i], where, out);
        if (!read) return Unexpected(std::move(read).error());
        if (!read->sid.empty() && !sids.insert(read->sid).second)
            return wrong(where + ".Sid", "is '" + read->sid + "', which an earlier statement has");
        out.statements.push_back(std::move(read).value());
    }
    return true;
}

std::string_view kind_name(Dialect dialect) {
    switch (dialect) {
        case Dialect::iot:
            return "an IoT policy";
        case Dialect::iam_identity:
            return "an IAM policy";
        case Dialect::iam_trust:
            return "a role's trust policy";
    }
    return "a policy";
}

}  // namespace

std::size_t characters_of(std::string_view document) {
    return static_cast<std::size_t>(std::count_if(document.begin(), document.end(), [](char c) {
        const bool continues = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
        return !continues && c != ' ' && c != '\t' && c != '\n' && c != '\r';
    }));
}

Result<std::shared_ptr<const Document>> parse(std::string_view text, Dialect dialect) {
    const std::string what = "The text given as " + std::string(kind_name(dialect));
    if (dialect == Dialect::iot && characters_of(text) > iot_document_limit)
        return fail(ErrorCode::limit_exceeded, what + " has " + std::to_string(characters_of(text)) +
                                                   " characters, white space not counted; at most " + std::to_string(iot_document_limit) +
                                                   " are taken.");
    boost::system::error_code error;
    json::value value = json::parse(json::string_view(text.data(), text.size()), error);
    if (error) return fail(ErrorCode::invalid_json, what + " is no JSON: " + error.message() + ".");
    if (const auto twice = find_duplicate_key(text))
        return fail(ErrorCode::invalid_request,
                    what + " is refused: the member " + shown(*twice) + " stands twice in one object, and only one would count.");
    auto out = std::make_shared<Document>();
    out->dialect = dialect;
    if (auto read = read_document(value, *out); !read) return fail(ErrorCode::invalid_request, what + " is refused: " + read.error() + ".");
    return std::shared_ptr<const Document>(std::move(out));
}

}  // namespace otabahn::policy

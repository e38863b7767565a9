// SPDX-License-Identifier: Apache-2.0
// Why nothing allowed it: each Allow statement is compared with the question, and the one that came nearest is put into a
// sentence that says what to change. Knows the classic mistakes of spec gateway 2.7 by name.
#include "policy/document.hpp"

#include <algorithm>

namespace otabahn::policy {
namespace {

// How near a statement came; only the order matters.
enum Nearness : int {
    names_another_thing = 10,
    other_action_on_anything = 20,
    other_action_on_this = 60,
    other_resource = 30,  // plus up to 25 for what the two have in common
    excluded = 62,
    wider_filter = 64,
    plain_text_variable = 70,
    unresolved_far = 28,
    unresolved = 72,
    other_principal = 74,
    other_scope = 76,
    bucket_for_object = 78,
    filter_characters = 80,
    letter_case = 82,
    other_type = 84,
    condition_unmet = 90,
};

struct Miss {
    int nearness = 0;
    std::string text;
    void better(int candidate, std::string candidate_text) {
        if (candidate <= nearness) return;
        nearness = candidate;
        text = std::move(candidate_text);
    }
};

struct Judged {
    std::string_view action, kind, type;
};
// What the gateway judges, and as what type of resource (spec gateway 2.2).
constexpr Judged judged_rows[] = {
    {"iot:Connect", "a connection", "client"},
    {"iot:Publish", "a publish", "topic"},
    {"iot:RetainPublish", "a retained publish", "topic"},
    {"iot:Subscribe", "a subscription", "topicfilter"},
    {"iot:Receive", "a delivery", "topic"},
};

const Judged* judged(std::string_view action) {
    for (const Judged& row : judged_rows)
        if (same_ignoring_case(row.action, action)) return &row;
    return nullptr;
}

std::string_view tail_of(std::string_view arn) {
    const auto parts = arn_parts(arn);
    return parts.size() == 6 ? parts[5] : arn;
}

std::string_view type_of(std::string_view arn) {
    const std::string_view tail = tail_of(arn);
    const std::size_t slash = tail.find('/');
    return slash == std::string_view::npos ? std::string_view() : tail.substr(0, slash);
}

std::string judged_as(const Question& question) {
    const Judged* row = judged(question.action);
    return (row == nullptr ? std::string("this") : std::string(row->kind)) + " is judged as " + std::string(tail_of(question.resource));
}

std::string with_type(std::string_view resource, std::string_view type) {
    const std::string_view tail = tail_of(resource);
    std::string out(resource.substr(0, resource.size() - tail.size()));
    out.append(type).append(tail.substr(std::min(tail.size(), type_of(resource).size())));
    return out;
}

std::string joined(const std::vector<std::string>& texts) {
    if (texts.empty()) return "nothing";
    std::string out;
    for (const std::string& text : texts) out += (out.empty() ? "'" : ", '") + text + "'";
    return out;
}

std::string sources_of(const std::vector<Pattern>& patterns) {
    std::vector<std::string> texts;
    for (const Pattern& pattern : patterns) {
        if (texts.size() == 4) return joined(texts) + " …";
        texts.push_back(pattern.source());
    }
    return joined(texts);
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

// MQTT 4.7: what the author of `a/+` or `a/#` in a policy had in mind.
bool topic_filter_covers(std::string_view filter, std::string_view topic) {
    while (true) {
        if (filter == "#") return true;
        const std::size_t filter_end = std::min(filter.find('/'), filter.size());
        const std::size_t topic_end = std::min(topic.find('/'), topic.size());
        const std::string_view level = filter.substr(0, filter_end);
        if (level != "+" && level != topic.substr(0, topic_end)) return false;
        const bool filter_ends = filter_end == filter.size(), topic_ends = topic_end == topic.size();
        if (filter_ends || topic_ends) return (filter_ends && topic_ends) || (topic_ends && filter.substr(filter_end) == "/#");
        filter.remove_prefix(filter_end + 1);
        topic.remove_prefix(topic_end + 1);
    }
}

std::string_view below_type(std::string_view arn) {
    const std::string_view type = type_of(arn);
    return type.empty() ? std::string_view() : tail_of(arn).substr(type.size() + 1);
}

class Explainer {
  public:
    Explainer(const Question& question, Variables& variables) : question_(question), variables_(variables) {}

    void look_at(const NamedDocument& named) {
        document_ = named.document.get();
        for (std::size_t i = 0; i < document_->statements.size(); ++i) {
            const Statement& statement = document_->statements[i];
            if (!statement.allow) continue;
            label_ = "policy '" + named.name + "' statement " + std::to_string(i);
            if (!statement.sid.empty()) label_ += " (" + statement.sid + ")";
            look_at(statement);
        }
    }

    std::string result(const std::vector<NamedDocument>& documents) && {
        if (miss_.nearness > 0) return std::move(miss_.text);
        if (documents.empty()) return "no policy applies at all";
        std::string names;
        for (const NamedDocument& named : documents) names += (names.empty() ? "'" : ", '") + named.name + "'";
        return "no Allow statement of " + names + " names " + std::string(question_.action);
    }

  private:
    void look_at(const Statement& statement) {
        const bool action = action_fits(statement, question_, variables_);
        const bool trust = document_->dialect == Dialect::iam_trust;
        const bool target = trust ? principal_fits(statement, question_) : resource_fits(statement, question_.resource, variables_);
        if (action && target) {
            explain_condition(statement);
        } else if (action && trust) {
            explain_principal(statement);
        } else if (action) {
            explain_resource(statement);
        } else if (target) {
            explain_action(statement);
        }
    }

    std::string allows_action() const { return label_ + " allows " + std::string(question_.action); }

    void explain_condition(const Statement& statement) {
        const Condition* failing = failing_condition(statement, question_, variables_);
        if (failing == nullptr) return;
        const auto actual = question_.values ? question_.values(failing->key) : std::nullopt;
        miss_.better(condition_unmet, allows_action() + " here, but only if " + failing->operator_name + " " + failing->key + " " +
                                          joined(failing->sources) + " holds; the request has " +
                                          (actual ? joined(*actual) : std::string("no such key")));
    }

    void explain_principal(const Statement& statement) {
        const Principals& p = statement.principals;
        std::vector<std::string> names = p.services;
        names.insert(names.end(), p.arns.begin(), p.arns.end());
        names.insert(names.end(), p.accounts.begin(), p.accounts.end());
        const std::string who(question_.principal_service.empty() ? question_.principal_arn : question_.principal_service);
        miss_.better(other_principal, label_ + (p.negated ? " excludes " : " trusts ") + joined(names) + ", " +
                                          (p.negated ? std::string("and so '") : std::string("but not '")) + who + "'");
    }

    void explain_action(const Statement& statement) {
        if (statement.actions.negated) {
            miss_.better(excluded,
                         label_ + " excludes " + std::string(question_.action) + " by NotAction " + sources_of(statement.actions.patterns));
            return;
        }
        const bool everything = document_->dialect != Dialect::iam_trust &&
                                std::all_of(statement.resources.patterns.begin(), statement.resources.patterns.end(),
                                            [](const Pattern& pattern) { return pattern.source() == "*"; });
        miss_.better(everything ? other_action_on_anything : other_action_on_this,
                     label_ + " allows " + sources_of(statement.actions.patterns) + " here, but not " + std::string(question_.action));
    }

    void explain_resource(const Statement& statement) {
        if (statement.resources.negated) {
            miss_.better(excluded, label_ + " excludes " + std::string(question_.resource) + " by NotResource " +
                                       sources_of(statement.resources.patterns));
            return;
        }
        for (const Pattern& pattern : statement.resources.patterns) explain_pattern(pattern);
    }

    void explain_pattern(const Pattern& pattern) {
        const std::string& source = pattern.source();
        const std::string resource(question_.resource);
        if (!document_->variables && source.find("${") != std::string::npos) {
            miss_.better(plain_text_variable,
                         allows_action() + " on " + source +
                             ", but the document's Version is not 2012-10-17, so its ${…} is plain text and no variable");
            return;
        }
        if (const auto name = pattern.unresolved(variables_)) {
            explain_unresolved(pattern, *name);
            return;
        }
        const std::string expanded = pattern.expanded(variables_).value_or(source);
        const std::string allowed = allows_action() + ", but on " + std::string(tail_of(expanded));
        for (const std::string_view type : {"topic", "topicfilter", "client", "thing"})
            if (type != type_of(resource) && judged(question_.action) != nullptr && pattern.matches(with_type(resource, type), variables_))
                miss_.better(other_type, allowed + "; " + judged_as(question_));
        if (pattern.matches(resource, variables_, Letters::fold_case))
            miss_.better(letter_case, allowed + ", which differs in upper and lower case; resources are compared exactly");
        explain_filter(expanded, allowed);
        explain_scope(pattern);
        explain_bucket(pattern);
        if (const Judged* row = judged(question_.action); row != nullptr && type_of(expanded) != row->type && !type_of(expanded).empty()) {
            miss_.better(names_another_thing, label_ + " allows " + std::string(question_.action) + ", but names no " +
                                                  std::string(row->type) + "/… resource; " + judged_as(question_));
            return;
        }
        const int alike =
            static_cast<int>(25 * common_prefix(expanded, resource) / std::max<std::size_t>(1, std::max(expanded.size(), resource.size())));
        miss_.better(other_resource + alike, allows_action() + ", but on " + expanded + ", not on " + resource);
    }

    void explain_unresolved(const Pattern& pattern, std::string_view name) {
        std::string text =
            allows_action() + " on " + std::string(tail_of_pattern(pattern.source())) + ", but ${" + std::string(name) + "} ";
        const auto value = question_.values ? question_.values(name) : std::nullopt;
        if (value && value->size() == 1) {
            text += "is '" + value->front() + "', which may not stand in a policy (wildcard characters, or too long)";
        } else {
            text += "has no value here";
            if (starts_ignoring_case(name, "iot:Connection.Thing.")) {
                const auto client = question_.values ? question_.values("iot:ClientId") : std::nullopt;
                text += client && client->size() == 1
                            ? ": the certificate is attached to no thing whose name is the client id '" + client->front() + "'"
                            : ": the client id must be the name of a thing that the certificate is attached to";
            }
        }
        const std::string_view source = pattern.source();
        const std::size_t fixed = source.find("${");
        const bool near = question_.resource.starts_with(source.substr(0, fixed));
        miss_.better(near ? unresolved : unresolved_far, std::move(text));
    }

    void explain_filter(const std::string& expanded, const std::string& allowed) {
        const std::string_view wanted = below_type(expanded), asked = below_type(question_.resource);
        if (wanted.empty() || asked.empty() || type_of(expanded) != type_of(question_.resource)) return;
        if (wanted.find_first_of("+#") != std::string_view::npos && topic_filter_covers(wanted, asked))
            miss_.better(filter_characters,
                         allowed + ", where + and # are ordinary characters; write * for any run of characters; " + judged_as(question_));
        if (type_of(expanded) == "topicfilter" && asked.find_first_of("+#") != std::string_view::npos && topic_filter_covers(asked, wanted))
            miss_.better(wider_filter, allowed + ", and the filter " + std::string(asked) +
                                           " is wider; a filter is compared as text and must be allowed as a whole");
    }

    void explain_scope(const Pattern& pattern) {
        auto wanted = arn_pattern_parts(pattern.source());
        auto asked = arn_parts(question_.resource);
        if (wanted.size() != 6 || asked.size() != 6) return;
        const auto fixed = [](std::string_view part) { return part.find_first_of("*?$") == std::string_view::npos; };
        const std::string region(asked[3]), account(asked[4]);
        if (fixed(wanted[3])) asked[3] = wanted[3];
        if (fixed(wanted[4])) asked[4] = wanted[4];
        std::string moved;
        for (std::size_t i = 0; i < asked.size(); ++i) moved.append(i == 0 ? "" : ":").append(asked[i]);
        if (pattern.matches(moved, variables_))
            miss_.better(other_scope, allows_action() + " in region '" + std::string(asked[3]) + "' of account '" + std::string(asked[4]) +
                                          "', but this is region '" + region + "' of account '" + account + "'");
    }

    void explain_bucket(const Pattern& pattern) {
        constexpr std::string_view s3 = "arn:aws:s3:::";
        if (!question_.resource.starts_with(s3)) return;
        const std::size_t slash = question_.resource.find('/');
        if (slash == std::string_view::npos) {
            if (pattern.matches(std::string(question_.resource) + "/x", variables_))
                miss_.better(bucket_for_object, allows_action() + " on " + pattern.source() +
                                                    ", which names objects; the bucket itself is " + std::string(question_.resource));
            return;
        }
        const std::string_view bucket = question_.resource.substr(0, slash);
        if (pattern.matches(bucket, variables_) || pattern.matches(question_.resource.substr(0, slash + 1), variables_))
            miss_.better(bucket_for_object, allows_action() + " on " + pattern.source() +
                                                ", which names the bucket itself; its objects are " + std::string(bucket) + "/*");
    }

    static std::string_view tail_of_pattern(std::string_view source) {
        const auto parts = arn_pattern_parts(source);
        return parts.size() == 6 ? parts[5] : source;
    }

    const Question& question_;
    Variables& variables_;
    const Document* document_ = nullptr;
    std::string label_;
    Miss miss_;
};

}  // namespace

std::string explain_refusal(const std::vector<NamedDocument>& documents, const Question& question, Variables& variables) {
    Explainer explainer(question, variables);
    for (const NamedDocument& named : documents) explainer.look_at(named);
    return std::move(explainer).result(documents);
}

}  // namespace otabahn::policy

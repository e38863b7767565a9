// SPDX-License-Identifier: Apache-2.0
#include "awsapi/judge.hpp"

#include "awsapi/pattern.hpp"
#include "awsapi/text_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace otabahn::awsapi {

namespace {

constexpr std::size_t most_violations = 20, most_shown = 2048;

std::string number_text(double number) {
    std::array<char, 32> buffer{};
    return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr};
}

std::string bound_text(const ShapeRow& shape, bool upper) {
    const bool number = shape.kind == Kind::integer || shape.kind == Kind::long_integer || shape.kind == Kind::decimal;
    return std::string("Member must have ") + (number ? "value " : "length ") + (upper ? "less" : "greater") + " than or equal to " +
           number_text(upper ? shape.max : shape.min);
}

std::string words_text(const ShapeRow& shape) {
    std::string out = "Member must satisfy enum value set: [";
    for (const auto word : shape.words) out.append(word).append(", ");
    out.resize(out.size() - 2);
    return out.append("]");
}

std::string pattern_text(const ShapeRow& shape) {
    return "Member must satisfy regular expression pattern: " + std::string(shape.pattern->text);
}

// Length or value, as the shape's bounds mean it.
double measure(const ShapeRow& shape, const void* value) {
    switch (shape.kind) {
        case Kind::string:
            return static_cast<double>(count_code_points(*static_cast<const std::string*>(value)));
        case Kind::blob:
            return static_cast<double>(static_cast<const std::string*>(value)->size());
        case Kind::integer:
            return *static_cast<const std::int32_t*>(value);
        case Kind::long_integer:
            return static_cast<double>(*static_cast<const std::int64_t*>(value));
        case Kind::decimal:
            return *static_cast<const double*>(value);
        case Kind::list:
            return static_cast<double>(shape.list->size(value));
        case Kind::map:
            return static_cast<double>(shape.map->size(value));
        case Kind::boolean:
        case Kind::timestamp:
        case Kind::structure:
            break;
    }
    return 0;
}

// What the value breaks, in the model's order; a text whose length is wrong is not matched as well.
std::vector<std::string> broken(const ShapeRow& shape, const void* value) {
    std::vector<std::string> out;
    if (shape.has_min || shape.has_max) {
        const double measured = measure(shape, value);
        if (shape.has_max && measured > shape.max) out.push_back(bound_text(shape, true));
        if (shape.has_min && measured < shape.min) out.push_back(bound_text(shape, false));
        if (!out.empty()) return out;
    }
    if (shape.kind != Kind::string) return out;
    const auto& text = *static_cast<const std::string*>(value);
    if (!shape.words.empty() && std::find(shape.words.begin(), shape.words.end(), text) == shape.words.end())
        out.push_back(words_text(shape));
    if (shape.pattern && !matches(*shape.pattern, text)) out.push_back(pattern_text(shape));
    return out;
}

std::string all_constraints(const ShapeRow& shape) {
    std::string out = "[";
    const auto add = [&](const std::string& constraint) { out.append(out.size() > 1 ? ", " : "").append(constraint); };
    if (shape.has_max) add(bound_text(shape, true));
    if (shape.has_min) add(bound_text(shape, false));
    if (!shape.words.empty()) add(words_text(shape));
    if (shape.pattern) add(pattern_text(shape));
    return out.append("]");
}

std::string show(const ShapeRow& shape, const void* value) {
    if (is_scalar(shape.kind)) return to_text(shape, value, TimestampForm::epoch_seconds);
    if (shape.kind == Kind::structure) return "{}";
    std::string out(1, shape.kind == Kind::list ? '[' : '{');
    const auto add = [&](const std::string& text) {
        if (out.size() < most_shown) out.append(out.size() > 1 ? ", " : "").append(text);
    };
    if (shape.kind == Kind::list) {
        for (std::size_t i = 0; i < shape.list->size(value); ++i) add(show(*shape.element, shape.list->at(value, i)));
        return out.append("]");
    }
    struct Context {
        const ShapeRow& element;
        decltype(add)& add_entry;
    } context{*shape.element, add};
    shape.map->for_each(value, &context, [](void* opaque, const std::string& key, const void* entry) {
        auto& to = *static_cast<Context*>(opaque);
        to.add_entry(key + "=" + show(to.element, entry));
    });
    return out.append("}");
}

}  // namespace

Judge::Place::Place(Judge& judge, const MemberRow& member) : judge_(judge) { judge_.path_.push_back({&member, 0}); }
Judge::Place::Place(Judge& judge, std::size_t entry) : judge_(judge) { judge_.path_.push_back({nullptr, entry}); }
Judge::Place::~Place() { judge_.path_.pop_back(); }

std::string Judge::place() const {
    std::string out;
    for (const Step& step : path_) {
        if (!out.empty()) out.push_back('.');
        if (!step.member) {
            out.append(std::to_string(step.entry)).append(".member");
            continue;
        }
        const auto start = out.size();
        out.append(step.member->name);
        // AWS names the members of its query services as Java does: RoleName is told as roleName.
        if (char& first = out[start]; first >= 'A' && first <= 'Z') first = static_cast<char>(first - 'A' + 'a');
    }
    return out;
}

void Judge::add(const ShapeRow& shape, std::string_view shown, std::string constraint) {
    if (violations_.size() >= most_violations) return;
    std::string text;
    if (!shape.sensitive) text = " '" + std::string(shown.substr(0, most_shown)) + "'";
    violations_.push_back({std::move(text), place(), std::move(constraint), path_.empty() ? nullptr : path_.front().member});
}

void Judge::value(const ShapeRow& shape, const void* value) {
    if (lenient()) return;
    // What could not be read left a value that the client never sent.
    if (!violations_.empty() && violations_.back().unreadable && violations_.back().place == place()) return;
    for (auto& constraint : broken(shape, value)) add(shape, show(shape, value), std::move(constraint));
    if (shape.kind == Kind::list && is_scalar(shape.element->kind)) {
        for (std::size_t i = 0; i < shape.list->size(value); ++i)
            if (!broken(*shape.element, shape.list->at(value, i)).empty())
                return add(*shape.element, show(shape, value), "Member must satisfy constraint: " + all_constraints(*shape.element));
    }
    if (shape.kind == Kind::map) {
        struct Context {
            const ShapeRow& map;
            bool bad_key = false, bad_value = false;
        } context{shape};
        shape.map->for_each(value, &context, [](void* opaque, const std::string& key, const void* entry) {
            auto& found = *static_cast<Context*>(opaque);
            found.bad_key = found.bad_key || !broken(*found.map.key, &key).empty();
            found.bad_value = found.bad_value || (is_scalar(found.map.element->kind) && !broken(*found.map.element, entry).empty());
        });
        if (context.bad_key) add(shape, show(shape, value), "Map keys must satisfy constraint: " + all_constraints(*shape.key));
        if (context.bad_value) add(shape, show(shape, value), "Map value must satisfy constraint: " + all_constraints(*shape.element));
    }
}

void Judge::missing_here() {
    if (lenient() || violations_.size() >= most_violations) return;
    violations_.push_back({" null", place(), "Member must not be null", path_.empty() ? nullptr : path_.front().member, true});
}

void Judge::unreadable(const ShapeRow& shape, std::string_view text) {
    std::string kind;
    switch (shape.kind) {
        case Kind::integer:
        case Kind::long_integer:
            kind = "a whole number in range";
            break;
        case Kind::decimal:
            kind = "a number";
            break;
        case Kind::boolean:
            kind = "true or false";
            break;
        case Kind::timestamp:
            kind = "a point in time (ISO 8601, RFC 1123 or seconds since 1970)";
            break;
        case Kind::blob:
            kind = "base64";
            break;
        case Kind::string:
            kind = "a text";
            break;
        case Kind::structure:
            kind = "a structure";
            break;
        case Kind::list:
            kind = "a list";
            break;
        case Kind::map:
            kind = "a map";
            break;
    }
    add(shape, text, "Member must be " + kind);
    violations_.back().unreadable = true;
}

void Judge::malformed(std::string why) {
    if (malformed_.empty()) malformed_ = std::move(why);
}

std::string Judge::sentence() const {
    std::string out = std::to_string(violations_.size()) + " validation error" + (violations_.size() == 1 ? "" : "s") + " detected: ";
    for (const auto& violation : violations_) {
        if (&violation != &violations_.front()) out.append("; ");
        out.append("Value").append(violation.value).append(" at '").append(violation.place).append("' failed to satisfy constraint: ");
        out.append(violation.constraint);
    }
    return out;
}

ServiceError Judge::s3_refusal() const {
    constexpr const char* schema = "The XML you provided was not well-formed or did not validate against our published schema";
    if (!malformed_.empty()) return {"MalformedXML", 400, std::string(schema) + ": " + malformed_, {}, {}};
    const Violation& first = violations_.front();
    const bool in_body = !first.member || first.member->location == Location::body;
    if (in_body && first.absent && first.place.find('.') == std::string::npos)
        return {"MissingRequestBodyError", 400, "Request Body is empty", {}, {}};
    if (in_body) return {"MalformedXML", 400, std::string(schema) + ": " + sentence(), {}, {}};
    const std::string name(first.member->wire_name);
    if (first.absent) return {"InvalidRequest", 400, "Missing required header or parameter for this request: " + name, {}, {}};
    std::string value = first.value;
    if (value.size() > 2) value = value.substr(2, value.size() - 3);
    return {"InvalidArgument", 400, sentence(), {{"ArgumentName", name}, {"ArgumentValue", value}}, {}};
}

ServiceError Judge::refusal() const {
    if (service_.family == Family::rest_xml) return s3_refusal();
    const bool malformed = !malformed_.empty();
    const std::string text = malformed ? malformed_ : sentence();
    if (service_.family == Family::query) return {"ValidationError", 400, text, {}, {}};
    // The data planes know one word for both (spec jobs 4.7); the others tell bad JSON apart.
    if (malformed && service_.name != "iot-jobs-data" && service_.name != "iot-data") return {"SerializationException", 400, text, {}, {}};
    const bool iot = service_.find_error("InvalidRequestException") != nullptr;
    return {iot ? "InvalidRequestException" : "ValidationException", 400, text, {}, {}};
}

}  // namespace otabahn::awsapi

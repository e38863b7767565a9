// SPDX-License-Identifier: Apache-2.0
#include "policy/certificate_attributes.hpp"

#include "policy/pattern.hpp"

namespace otabahn::policy {
namespace {

constexpr std::size_t most_values = 5;

const std::vector<std::string>* find_field(const CertificateFields& fields, std::string_view name) {
    for (const auto& [known, values] : fields)
        if (same_ignoring_case(known, name)) return values.empty() ? nullptr : &values;
    return nullptr;
}

}  // namespace

std::optional<std::vector<std::string>> certificate_attribute(std::string_view name, const CertificateFields& subject,
                                                              const CertificateFields& issuer) {
    constexpr std::string_view subject_prefix = "iot:Certificate.Subject.", issuer_prefix = "iot:Certificate.Issuer.";
    const bool of_subject = starts_ignoring_case(name, subject_prefix);
    if (!of_subject && !starts_ignoring_case(name, issuer_prefix)) return std::nullopt;
    const CertificateFields& fields = of_subject ? subject : issuer;
    std::string_view field = name.substr(of_subject ? subject_prefix.size() : issuer_prefix.size());

    if (const auto* values = find_field(fields, field)) return std::vector{values->front()};
    const std::size_t dot = field.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto* values = find_field(fields, field.substr(0, dot));
    const std::string_view suffix = field.substr(dot + 1);
    if (values == nullptr) return std::nullopt;
    const std::size_t count = std::min(values->size(), most_values);
    if (same_ignoring_case(suffix, "List"))
        return std::vector<std::string>(values->begin(), values->begin() + static_cast<std::ptrdiff_t>(count));
    if (suffix.size() != 1 || suffix[0] < '0' || suffix[0] > '9') return std::nullopt;
    const auto index = static_cast<std::size_t>(suffix[0] - '0');
    if (index >= count) return std::nullopt;
    return std::vector{(*values)[index]};
}

}  // namespace otabahn::policy

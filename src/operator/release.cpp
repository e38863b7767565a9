// SPDX-License-Identifier: Apache-2.0
#include "operator/release.hpp"

#include "encoding/base64_string.hpp"
#include "operator/progress.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace otabahn::operator_tool {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_version = 64;

json::object signature_of(const Signature& signature, const std::string& certificate) {
    return {{"algorithm", signature.algorithm}, {"value", signature.value}, {"certificate", certificate}};
}

}  // namespace

Result<void> check_version(std::string_view option, std::string_view version) {
    const bool control =
        std::any_of(version.begin(), version.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    if (!version.empty() && version.size() <= longest_version && !control) return {};
    return fail(ErrorCode::invalid_request, std::string(option) + " takes 1 to " + std::to_string(longest_version) +
                                                " characters, as in 1.2.0, and no control characters; '" + shown(version) + "' has " +
                                                std::to_string(version.size()) + ".");
}

Result<std::map<std::string, std::string>> parse_parameters(const std::vector<std::string>& texts) {
    std::map<std::string, std::string> out;
    for (const auto& text : texts) {
        const auto equals = text.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail(ErrorCode::invalid_request, "--param takes NAME=VALUE, not '" + text + "'.");
        if (!out.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
            return fail(ErrorCode::invalid_request, "--param gives " + text.substr(0, equals) + " twice.");
    }
    return out;
}

std::string format_manifest(const Release& release) {
    json::array hardware;
    for (const auto& name : release.hardware) hardware.emplace_back(name);
    const json::object file{{"name", release.image.name}, {"size", release.image.size}, {"sha256", release.image.sha256}};
    return json::serialize(json::object{{"schema", 1},
                                        {"product", release.product},
                                        {"hardware", hardware},
                                        {"version", release.version},
                                        {"minVersion", release.minimum_version},
                                        {"files", json::array{file}}});
}

std::string format_document(const SignedRelease& release) {
    const json::object file{{"fileId", 0},
                            {"name", release.release.image.name},
                            {"size", release.release.image.size},
                            {"sha256", release.release.image.sha256},
                            {"signature", signature_of(release.image_signature, release.certificate)}};
    json::object parameters;
    for (const auto& [name, value] : release.parameters) parameters[name] = value;
    return json::serialize(
        json::object{{"operation", "otabahn.update"},
                     {"schema", 1},
                     {"version", release.release.version},
                     {"stream", release.stream},
                     {"files", json::array{file}},
                     {"release", json::object{{"manifest", encoding::to_base64(release.manifest)},
                                              {"signature", signature_of(release.manifest_signature, release.certificate)}}},
                     {"parameters", parameters}});
}

}  // namespace otabahn::operator_tool

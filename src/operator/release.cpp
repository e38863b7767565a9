// SPDX-License-Identifier: Apache-2.0
#include "operator/release.hpp"

#include "encoding/base64_string.hpp"

#include <boost/json.hpp>

namespace otabahn::operator_tool {

namespace json = boost::json;

namespace {
json::object signature_of(const Signature& signature, const std::string& certificate) {
    return {{"algorithm", signature.algorithm}, {"value", signature.value}, {"certificate", certificate}};
}
}  // namespace

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

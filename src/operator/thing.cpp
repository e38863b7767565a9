// SPDX-License-Identifier: Apache-2.0
#include "operator/thing.hpp"

#include "api/acm.hpp"
#include "api/iot.hpp"
#include "operator/bundle.hpp"
#include "operator/signing.hpp"
#include "x509/x509.hpp"

#include <algorithm>
#include <filesystem>

namespace otabahn::operator_tool {

namespace fs = std::filesystem;
namespace iot = api::iot;

namespace {

constexpr std::string_view policy_name = "otabahn-device";

// Spec gateway 2.6: what jobs, streams and shadow of the connected thing need, and nothing of others.
std::string device_policy(const Scope& scope) {
    const auto mine = std::string("$aws/things/${iot:Connection.Thing.ThingName}/*");
    return R"({"Version":"2012-10-17","Statement":[)"
           R"({"Effect":"Allow","Action":"iot:Connect","Resource":")" +
           scope.arn("iot", "client/${iot:Connection.Thing.ThingName}") +
           R"("},{"Effect":"Allow","Action":["iot:Publish","iot:Receive"],"Resource":")" + scope.arn("iot", "topic/" + mine) +
           R"("},{"Effect":"Allow","Action":"iot:Subscribe","Resource":")" + scope.arn("iot", "topicfilter/" + mine) + R"("}]})";
}

Result<std::vector<TrustedCertificate>> trusted(Session& session, const CreateThing& wanted) {
    std::vector<TrustedCertificate> out;
    for (const auto& file : wanted.trust) {
        auto pem = read_file(file);
        if (!pem) return Unexpected(pem.error());
        if (auto parsed = x509::Certificate::parse_pem(*pem); !parsed)
            return fail(ErrorCode::invalid_request, file + " is no certificate: " + parsed.error().message);
        const auto name = fs::path(file).filename().string();
        if (std::any_of(out.begin(), out.end(), [&](const TrustedCertificate& other) { return other.file_name == name; }))
            return fail(ErrorCode::invalid_request,
                        "Two --trust files are named " + name + "; in the bundle one would take the other's place. Rename one.");
        out.push_back({name, *pem});
    }
    if (!out.empty()) return out;
    auto profiles = active_profiles(session);
    if (!profiles) return Unexpected(profiles.error());
    for (const auto& profile : *profiles) {
        auto certificate = session.aws().call<api::acm::GetCertificate>({.certificate_arn = profile.certificate_arn});
        if (!certificate) return Unexpected(while_doing("reading the certificate of signing profile " + profile.name, certificate.error()));
        out.push_back({profile.device_certificate(), certificate->certificate.value_or("")});
    }
    if (out.empty())
        return fail(ErrorCode::not_found,
                    "The device would trust nobody: there is no active signing profile in " + session.scope().region.text() +
                        ". Make one first with `otabahn signing create NAME`, or give a code-signing certificate with --trust.");
    return out;
}

Result<void> ensure_policy(Session& session) {
    auto there = session.aws().call<iot::GetPolicy>({.policy_name = std::string(policy_name)});
    if (there) return {};
    if (there.error().code != "ResourceNotFoundException")
        return Unexpected(while_doing("looking for policy " + std::string(policy_name), there.error()));
    auto made =
        session.aws().call<iot::CreatePolicy>({.policy_name = std::string(policy_name), .policy_document = device_policy(session.scope())});
    if (!made) return Unexpected(while_doing("making policy " + std::string(policy_name), made.error()));
    session.say("Policy " + std::string(policy_name) + " made.");
    return {};
}

// False: there is no such group yet.
Result<bool> find_group(Session& session, const std::string& group) {
    if (auto name = ThingGroupName::parse(group); !name) return Unexpected(name.error());
    auto there = session.aws().call<iot::DescribeThingGroup>({.thing_group_name = group});
    if (!there && there.error().code != "ResourceNotFoundException")
        return Unexpected(while_doing("looking for thing group " + group, there.error()));
    return there.has_value();
}

Result<void> join_group(Session& session, const std::string& thing, const std::string& group, bool is_there) {
    if (!is_there) {
        auto made = session.aws().call<iot::CreateThingGroup>({.thing_group_name = group});
        if (!made) return Unexpected(while_doing("making thing group " + group, made.error()));
        session.say("Thing group " + group + " made.");
    }
    auto joined = session.aws().call<iot::AddThingToThingGroup>({.thing_group_name = group, .thing_name = thing});
    if (!joined) return Unexpected(while_doing("adding thing " + thing + " to group " + group, joined.error()));
    return {};
}

Result<std::string> mqtt_address(Session& session) {
    if (session.server()) return session.server()->mqtt;
    auto endpoint = session.aws().call<iot::DescribeEndpoint>({.endpoint_type = "iot:Data-ATS"});
    if (!endpoint) return Unexpected(while_doing("asking for the device endpoint", endpoint.error()));
    return endpoint->endpoint_address.value_or("") + ":8883";
}

struct Surroundings {
    std::string endpoint, root_ca;
    std::vector<TrustedCertificate> trust;
};

// What makes a thing whole: certificate, policy, group, bundle. The certificate's ARN.
Result<std::string> equip(Session& session, const CreateThing& wanted, const std::string& csr, bool group_is_there, BundleFolder& bundle,
                          const Surroundings& around) {
    auto certificate = session.aws().call<iot::CreateCertificateFromCsr>({.certificate_signing_request = csr, .set_as_active = true});
    if (!certificate) return Unexpected(while_doing("having the certificate of thing " + wanted.name + " made", certificate.error()));
    auto arn = certificate->certificate_arn.value_or("");
    if (auto done = ensure_policy(session); !done) return Unexpected(done.error());
    if (auto attached = session.aws().call<iot::AttachPolicy>({.policy_name = std::string(policy_name), .target = arn}); !attached)
        return Unexpected(while_doing("attaching policy " + std::string(policy_name) + " to the certificate", attached.error()));
    if (auto attached = session.aws().call<iot::AttachThingPrincipal>({.thing_name = wanted.name, .principal = arn}); !attached)
        return Unexpected(while_doing("attaching the certificate to thing " + wanted.name, attached.error()));
    if (!wanted.group.empty())
        if (auto joined = join_group(session, wanted.name, wanted.group, group_is_there); !joined) return Unexpected(joined.error());
    auto written = bundle.write({.thing_name = wanted.name,
                                 .endpoint = around.endpoint,
                                 .certificate = certificate->certificate_pem.value_or(""),
                                 .root_ca = around.root_ca,
                                 .trust = around.trust});
    if (!written) return Unexpected(written.error());
    return arn;
}

}  // namespace

Result<void> create_thing(Session& session, const CreateThing& wanted) {
    if (auto name = ThingName::parse(wanted.name); !name) return Unexpected(name.error());
    const fs::path folder = wanted.out.empty() ? wanted.name : wanted.out;
    if (auto free = check_free(folder); !free) return free;
    if (auto there = session.aws().call<iot::DescribeThing>({.thing_name = wanted.name}))
        return fail(ErrorCode::already_exists, "Thing " + wanted.name + " exists already in " + session.scope().region.text() +
                                                   "; nothing was made. Choose another name.");
    else if (there.error().code != "ResourceNotFoundException")
        return Unexpected(while_doing("looking for thing " + wanted.name, there.error()));
    auto certificates = trusted(session, wanted);
    if (!certificates) return Unexpected(certificates.error());
    auto group = wanted.group.empty() ? Result<bool>(true) : find_group(session, wanted.group);
    if (!group) return Unexpected(group.error());
    auto root = session.server() ? Result<std::string>(session.server()->root_ca) : amazon_roots();
    if (!root) return Unexpected(root.error());
    auto endpoint = mqtt_address(session);
    if (!endpoint) return Unexpected(endpoint.error());

    auto key = x509::PrivateKey::generate(x509::KeyAlgorithm::ec_p256);
    if (!key) return Unexpected(key.error());
    auto csr = x509::make_csr(*key, {.common_name = wanted.name});
    if (!csr) return Unexpected(csr.error());
    // A key that could not be kept would make a certificate that nobody can use.
    BundleFolder bundle(folder);
    if (auto reserved = bundle.reserve(key->to_pem()); !reserved) return reserved;
    auto made = session.aws().call<iot::CreateThing>({.thing_name = wanted.name});
    if (!made) return Unexpected(while_doing("making thing " + wanted.name, made.error()));
    auto arn = equip(session, wanted, *csr, *group, bundle, {*endpoint, *root, *certificates});
    if (!arn)
        return fail(arn.error().code, arn.error().message + " Thing " + wanted.name +
                                          " is made, but not whole: delete it (aws iot delete-thing --thing-name " + wanted.name +
                                          ") before you try again.");
    bundle.keep();
    session.tell("Thing " + wanted.name + " is ready; its bundle is in " + folder.string() +
                     ". Put the first image on the device with `otabahn-device factory`, then `otabahn-device run`.",
                 {{"thingName", wanted.name},
                  {"thingArn", made->thing_arn.value_or("")},
                  {"certificateArn", *arn},
                  {"bundle", fs::absolute(folder).string()},
                  {"endpoint", *endpoint}});
    return {};
}

}  // namespace otabahn::operator_tool

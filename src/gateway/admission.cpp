// SPDX-License-Identifier: Apache-2.0
#include "gateway/admission.hpp"

#include "runtime/log.hpp"
#include "x509/x509.hpp"

#include <algorithm>

namespace otabahn::gateway {
namespace {

void add_policies(const std::vector<registry::NamedPolicy>& from, DocumentCache& documents, Admission& out, bool& asks_certificate) {
    for (const auto& named : from) {
        const bool known = std::any_of(out.policies.begin(), out.policies.end(), [&](const auto& have) { return have.name == named.name; });
        if (known) continue;
        auto document = documents.compile(named.document);
        if (!document) {
            // The registry checks a document before it stores it; one that does not compile now grants nothing.
            spdlog::error("policy is not readable scope={}/{} policy={} what=\"{}\"", out.scope.account.text(), out.scope.region.text(),
                          named.name, document.error().message);
            continue;
        }
        asks_certificate = asks_certificate || named.document.find("iot:Certificate.") != std::string::npos ||
                           named.document.find("iot:certificate.") != std::string::npos;
        out.policies.push_back({named.name, std::move(*document)});
    }
}

std::optional<CertificateFields> read_certificate(const std::string& pem) {
    auto certificate = x509::Certificate::parse_pem(pem);
    if (!certificate) return std::nullopt;
    return CertificateFields{certificate->serial(), certificate->subject_fields(), certificate->issuer_fields(),
                             certificate->subject_alternative_names()};
}

}  // namespace

Result<std::shared_ptr<const policy::Document>> DocumentCache::compile(const std::string& text) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = documents_.find(text); found != documents_.end())
            if (auto document = found->second.lock()) return document;
    }
    auto parsed = policy::parse(text, policy::Dialect::iot);
    if (!parsed) return parsed;
    const std::lock_guard lock(mutex_);
    if (documents_.size() >= sweep_at_) {
        std::erase_if(documents_, [](const auto& entry) { return entry.second.expired(); });
        sweep_at_ = std::max<std::size_t>(1024, documents_.size() * 2);
    }
    documents_[text] = *parsed;
    return parsed;
}

Result<AdmissionPtr> load_admission(IdentitySource& identities, DocumentCache& documents, const CertificateId& certificate,
                                    const std::optional<Region>& region, const std::string& client_id) {
    auto identity = identities.load_identity(certificate, region);
    if (!identity) return Unexpected(std::move(identity).error());
    auto out = std::make_shared<Admission>(Admission{identity->scope, certificate.text(), identity->status, {}, {}, {}});
    bool asks_certificate = false;
    add_policies(identity->policies, documents, *out, asks_certificate);
    if (std::find(identity->things.begin(), identity->things.end(), client_id) != identity->things.end()) {
        auto thing = identities.load_thing(identity->scope, ThingName::trusted(client_id));
        if (!thing) return Unexpected(std::move(thing).error());
        if (*thing) {
            add_policies((*thing)->group_policies, documents, *out, asks_certificate);
            out->thing = std::move(**thing);
            out->thing->group_policies.clear();
        }
    }
    if (asks_certificate) out->certificate = read_certificate(identity->pem);
    return AdmissionPtr(std::move(out));
}

Result<AdmissionPtr> load_admission(IdentitySource& identities, const awsapi::Caller& caller) {
    auto permissions = identities.load_permissions(caller);
    if (!permissions) return Unexpected(std::move(permissions).error());
    auto out = std::make_shared<Admission>(Admission{caller.scope, "", "ACTIVE", std::move(permissions->documents), {}, {}});
    out->root = permissions->root;
    out->facts = std::move(permissions->facts);
    return AdmissionPtr(std::move(out));
}

std::string_view refusal_word(std::string_view status) {
    if (status == "INACTIVE") return "DEVICE_CERTIFICATE_INACTIVE";
    if (status == "REVOKED") return "DEVICE_CERTIFICATE_REVOKED";
    if (status == "PENDING_TRANSFER") return "DEVICE_CERTIFICATE_PENDING_TRANSFER";
    if (status == "PENDING_ACTIVATION" || status == "REGISTER_INACTIVE") return "DEVICE_CERTIFICATE_PENDING_ACTIVATION";
    return "DEVICE_CERTIFICATE_NOT_REGISTERED";
}

}  // namespace otabahn::gateway

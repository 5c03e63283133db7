import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Date;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;
import org.verapdf.pdfa.validation.profiles.ErrorDetails;
import org.verapdf.pdfa.validation.profiles.Profiles;
import org.verapdf.pdfa.validation.profiles.Rule;
import org.verapdf.pdfa.validation.profiles.RuleId;
import org.verapdf.pdfa.validation.profiles.ValidationProfile;
import org.verapdf.pdfa.validation.profiles.Variable;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Asks veraPDF whether PDFs are what they say they are; run by tools/conformance.py, which reads the answer.
 *
 * <p>For each file and standard that it declares there is a line {@code file, standard, number of checks}, then a
 * line {@code file, standard, clause, what it asks, where it is broken first} for each rule it breaks; parted by tabs.
 *
 * <p>veraPDF reads its rules with JAXB, which no Java brings any longer and Debian only with sixty packages. Here
 * they are read without it.
 */
public final class Conformance {
    private static final String RULES = "org/verapdf/pdfa/validation/%s.xml";
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private static final Map<PDFAFlavour, ValidationProfile> READ = new EnumMap<>(PDFAFlavour.class);

    public static void main(String[] files) throws Exception {
        // veraPDF tries JAXB once all the same, and complains of what it does not find.
        Logger.getLogger("").setLevel(Level.OFF);
        VeraGreenfieldFoundryProvider.initialise();
        for (String file : files) {
            for (PDFAFlavour flavour : declared(file)) {
                report(file, flavour, validated(file, flavour));
            }
        }
    }

    private static Set<PDFAFlavour> declared(String file) throws Exception {
        try (PDFAParser parser = Foundries.defaultInstance().createParser(new File(file))) {
            Set<PDFAFlavour> found = new LinkedHashSet<>(parser.getFlavours());
            found.remove(PDFAFlavour.NO_FLAVOUR);
            return found;
        }
    }

    private static ValidationResult validated(String file, PDFAFlavour flavour) throws Exception {
        if (!READ.containsKey(flavour)) {
            READ.put(flavour, profile(flavour));
        }
        try (PDFAParser parser = Foundries.defaultInstance().createParser(new File(file), flavour);
                var validator = Foundries.defaultInstance().createValidator(READ.get(flavour), false)) {
            return validator.validate(parser);
        }
    }

    private static void report(String file, PDFAFlavour flavour, ValidationResult result) {
        print(file, flavour.getId(), String.valueOf(result.getTotalAssertions()));
        Set<RuleId> said = new HashSet<>();
        for (TestAssertion one : result.getTestAssertions()) {
            if (one.getStatus() == TestAssertion.Status.FAILED && said.add(one.getRuleId())) {
                String clause = one.getRuleId().getClause() + "-" + one.getRuleId().getTestNumber();
                print(file, flavour.getId(), clause, one.getMessage(), one.getLocation().getContext());
            }
        }
    }

    private static void print(String... parts) {
        OUT.println(List.of(parts).stream().map(part -> part.replaceAll("\\s+", " ")).collect(Collectors.joining("\t")));
    }

    // --- the rules, as veraPDF's own files have them --------------------------------------------------------

    private static ValidationProfile profile(PDFAFlavour flavour) throws Exception {
        Element root = read(String.format(RULES, flavour.name().replaceFirst("_", "-").replace("_", ""))).getDocumentElement();
        Set<Rule> rules = new LinkedHashSet<>();
        for (Element one : children(root, "rule")) {
            rules.add(rule(flavour, one));
        }
        Set<Variable> variables = new LinkedHashSet<>();
        for (Element one : children(root, "variable")) {
            variables.add(Profiles.variableFromValues(
                    one.getAttribute("name"), one.getAttribute("object"), text(one, "defaultValue"), text(one, "value")));
        }
        var details = Profiles.profileDetailsFromValues(flavour.getId(), "", "", new Date(0));
        return Profiles.profileFromValues(flavour, details, "", rules, variables);
    }

    private static Rule rule(PDFAFlavour flavour, Element rule) {
        Element id = children(rule, "id").get(0);
        RuleId named = Profiles.ruleIdFromValues(
                PDFAFlavour.Specification.valueOf(id.getAttribute("specification")),
                id.getAttribute("clause"),
                Integer.parseInt(id.getAttribute("testNumber")));
        ErrorDetails error = Profiles.errorFromValues(text(rule, "message"), List.of());
        Boolean deferred = rule.hasAttribute("deferred") ? Boolean.valueOf(rule.getAttribute("deferred")) : null;
        return Profiles.ruleFromValues(
                named,
                rule.getAttribute("object"),
                deferred,
                rule.getAttribute("tags"),
                text(rule, "description"),
                text(rule, "test"),
                error,
                List.of());
    }

    private static Document read(String name) throws Exception {
        try (InputStream held = Conformance.class.getClassLoader().getResourceAsStream(name)) {
            if (held == null) {
                throw new IOException("veraPDF has no rules " + name);
            }
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(held);
        }
    }

    private static List<Element> children(Element parent, String name) {
        NodeList found = parent.getElementsByTagName(name);
        List<Element> listed = new ArrayList<>();
        for (int at = 0; at < found.getLength(); at++) {
            listed.add((Element) found.item(at));
        }
        return listed;
    }

    private static String text(Element parent, String name) {
        return children(parent, name).get(0).getTextContent();
    }
}
